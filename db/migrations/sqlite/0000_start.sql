CREATE TABLE `cell_counts` (
	`table_id` integer NOT NULL,
	`column` text NOT NULL,
	`status` text NOT NULL,
	`count` integer NOT NULL,
	PRIMARY KEY(`table_id`, `column`, `status`)
);
--> statement-breakpoint
CREATE TABLE `claims` (
	`account` text PRIMARY KEY NOT NULL,
	`row_seq` integer NOT NULL,
	`document` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `definitions` (
	`table_id` integer NOT NULL,
	`number` integer NOT NULL,
	`version` text NOT NULL,
	`document` text NOT NULL,
	`created_at` integer NOT NULL,
	PRIMARY KEY(`table_id`, `number`)
);
--> statement-breakpoint
CREATE TABLE `draws` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`pool` text NOT NULL,
	`row_seq` integer NOT NULL,
	`row` text NOT NULL,
	`table_id` integer NOT NULL,
	`column` text NOT NULL,
	`generation` integer NOT NULL,
	`member` text NOT NULL,
	`state` text DEFAULT 'reserved' NOT NULL,
	`reason` text,
	`at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `draws_cell` ON `draws` (`row_seq`,`column`,`generation`);--> statement-breakpoint
CREATE INDEX `draws_pool` ON `draws` (`pool`);--> statement-breakpoint
CREATE TABLE `events` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`table_id` integer NOT NULL,
	`at` integer NOT NULL,
	`changes` text NOT NULL
);
--> statement-breakpoint
CREATE INDEX `events_table` ON `events` (`table_id`);--> statement-breakpoint
CREATE TABLE `idempotency_keys` (
	`table_id` integer NOT NULL,
	`key` text NOT NULL,
	`fingerprint` text NOT NULL,
	`answer` text NOT NULL,
	`at` integer NOT NULL,
	PRIMARY KEY(`table_id`, `key`)
);
--> statement-breakpoint
CREATE TABLE `journal` (
	`row_seq` integer NOT NULL,
	`position` integer NOT NULL,
	`entries` text NOT NULL
);
--> statement-breakpoint
CREATE INDEX `journal_row` ON `journal` (`row_seq`);--> statement-breakpoint
CREATE TABLE `open_cells` (
	`row_seq` integer NOT NULL,
	`table_id` integer NOT NULL,
	`column` text NOT NULL,
	`status` text NOT NULL,
	`stale` integer NOT NULL,
	PRIMARY KEY(`row_seq`, `column`)
);
--> statement-breakpoint
CREATE INDEX `open_cells_status` ON `open_cells` (`table_id`,`status`,`column`);--> statement-breakpoint
CREATE TABLE `pool_changes` (
	`seq` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`pool` text NOT NULL,
	`who` text NOT NULL,
	`at` integer NOT NULL,
	`before` text,
	`after` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `pools` (
	`name` text PRIMARY KEY NOT NULL,
	`document` text NOT NULL,
	`balances` text DEFAULT '{}' NOT NULL,
	`last_drawn` text DEFAULT '{}' NOT NULL,
	`drawn` text DEFAULT '{}' NOT NULL,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `row_cells` (
	`row_seq` integer PRIMARY KEY NOT NULL,
	`cells` blob NOT NULL
);
--> statement-breakpoint
CREATE TABLE `rows` (
	`seq` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`id` text NOT NULL,
	`table_id` integer NOT NULL,
	`person` text,
	`account` text,
	`occurred_at` integer NOT NULL,
	`created_at` integer NOT NULL,
	`input` blob NOT NULL,
	`entries` integer DEFAULT 0 NOT NULL,
	`touches` integer DEFAULT 0 NOT NULL,
	`generation` integer DEFAULT 1 NOT NULL,
	`active` integer,
	`due_at` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `rows_id` ON `rows` (`id`);--> statement-breakpoint
CREATE INDEX `rows_table` ON `rows` (`table_id`);--> statement-breakpoint
CREATE INDEX `rows_person` ON `rows` (`table_id`,`person`) WHERE person IS NOT NULL;--> statement-breakpoint
CREATE INDEX `rows_account` ON `rows` (`table_id`,`account`) WHERE account IS NOT NULL;--> statement-breakpoint
CREATE INDEX `rows_active` ON `rows` (`active`) WHERE active IS NOT NULL;--> statement-breakpoint
CREATE INDEX `rows_due` ON `rows` (`due_at`) WHERE due_at IS NOT NULL;--> statement-breakpoint
CREATE TABLE `runs` (
	`ordinal` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`id` text NOT NULL,
	`table_id` integer NOT NULL,
	`status` text NOT NULL,
	`document` text NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `runs_id_unique` ON `runs` (`id`);--> statement-breakpoint
CREATE TABLE `tables` (
	`id` integer PRIMARY KEY NOT NULL,
	`name` text NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `tables_name_unique` ON `tables` (`name`);