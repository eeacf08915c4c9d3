CREATE TABLE `answers` (
	`key` text PRIMARY KEY NOT NULL,
	`row_seq` integer NOT NULL,
	`document` text NOT NULL,
	`at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `answers_row` ON `answers` (`row_seq`);--> statement-breakpoint
CREATE TABLE `audit` (
	`id` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`subject` text NOT NULL,
	`name` text NOT NULL,
	`who` text NOT NULL,
	`at` integer NOT NULL,
	`before` text,
	`after` text
);
--> statement-breakpoint
CREATE INDEX `audit_name` ON `audit` (`name`,`subject`);--> statement-breakpoint
CREATE TABLE `cell_counts` (
	`table_id` integer NOT NULL,
	`column` text NOT NULL,
	`status` text NOT NULL,
	`definition` integer NOT NULL,
	`count` integer NOT NULL,
	PRIMARY KEY(`table_id`, `column`, `status`, `definition`)
);
--> statement-breakpoint
CREATE TABLE `claims` (
	`account` text NOT NULL,
	`scope` text NOT NULL,
	`row_seq` integer NOT NULL,
	`document` text NOT NULL,
	`renewed_at` integer NOT NULL,
	PRIMARY KEY(`account`, `scope`)
);
--> statement-breakpoint
CREATE TABLE `clocks` (
	`row_seq` integer NOT NULL,
	`column` text NOT NULL,
	`table_id` integer NOT NULL,
	`captured` integer NOT NULL,
	`decided` integer,
	`assigned` integer,
	`notified` integer,
	`accepted` integer,
	`touched` integer,
	`state` text NOT NULL,
	`breached` integer NOT NULL,
	`rep` text,
	`hops` integer NOT NULL,
	`business_ms` integer,
	PRIMARY KEY(`row_seq`, `column`)
);
--> statement-breakpoint
CREATE INDEX `clocks_captured` ON `clocks` (`table_id`,`captured`);--> statement-breakpoint
CREATE INDEX `clocks_open` ON `clocks` (`rep`) WHERE state = 'open';--> statement-breakpoint
CREATE TABLE `counters` (
	`key` text PRIMARY KEY NOT NULL,
	`balances` text NOT NULL,
	`last_drawn` text NOT NULL,
	`drawn` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `credits` (
	`id` integer PRIMARY KEY NOT NULL,
	`pool` text NOT NULL,
	`member` text NOT NULL,
	`stratum` text,
	`leads` real NOT NULL,
	`reason` text NOT NULL,
	`note` text,
	`row` text,
	`who` text NOT NULL,
	`at` integer NOT NULL
);
--> statement-breakpoint
CREATE INDEX `credits_pool` ON `credits` (`pool`);--> statement-breakpoint
CREATE INDEX `credits_row` ON `credits` (`row`) WHERE "row" IS NOT NULL;--> statement-breakpoint
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
	`id` integer PRIMARY KEY NOT NULL,
	`pool` text NOT NULL,
	`row_seq` integer NOT NULL,
	`row` text NOT NULL,
	`table_id` integer NOT NULL,
	`column` text NOT NULL,
	`generation` integer NOT NULL,
	`member` text NOT NULL,
	`state` text DEFAULT 'reserved' NOT NULL,
	`reason` text,
	`stratum` text,
	`backfill` integer DEFAULT 0 NOT NULL,
	`counter` text,
	`at` integer NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `draws_cell` ON `draws` (`row_seq`,`column`,`generation`);--> statement-breakpoint
CREATE INDEX `draws_pool` ON `draws` (`pool`);--> statement-breakpoint
CREATE INDEX `draws_member` ON `draws` (`member`,`at`) WHERE state != 'released' AND backfill = 0;--> statement-breakpoint
CREATE TABLE `events` (
	`id` integer PRIMARY KEY NOT NULL,
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
CREATE INDEX `idempotency_keys_at` ON `idempotency_keys` (`at`);--> statement-breakpoint
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
CREATE TABLE `pools` (
	`name` text PRIMARY KEY NOT NULL,
	`document` text NOT NULL,
	`updated_at` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `reps` (
	`id` text PRIMARY KEY NOT NULL,
	`document` text NOT NULL,
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
	`due_at` integer,
	`held` integer DEFAULT false NOT NULL,
	`alarm_at` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `rows_id` ON `rows` (`id`);--> statement-breakpoint
CREATE INDEX `rows_table` ON `rows` (`table_id`);--> statement-breakpoint
CREATE INDEX `rows_person` ON `rows` (`table_id`,`person`) WHERE person IS NOT NULL;--> statement-breakpoint
CREATE INDEX `rows_account` ON `rows` (`table_id`,`account`) WHERE account IS NOT NULL;--> statement-breakpoint
CREATE INDEX `rows_active` ON `rows` (`active`) WHERE active IS NOT NULL;--> statement-breakpoint
CREATE INDEX `rows_due` ON `rows` (`table_id`,`due_at`) WHERE due_at IS NOT NULL;--> statement-breakpoint
CREATE INDEX `rows_alarm` ON `rows` (`table_id`,`alarm_at`) WHERE alarm_at IS NOT NULL;--> statement-breakpoint
CREATE TABLE `runs` (
	`ordinal` integer PRIMARY KEY NOT NULL,
	`id` text NOT NULL,
	`table_id` integer NOT NULL,
	`status` text NOT NULL,
	`document` text NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `runs_id_unique` ON `runs` (`id`);--> statement-breakpoint
CREATE TABLE `spend` (
	`purse` text PRIMARY KEY NOT NULL,
	`nano_usd` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `tables` (
	`id` integer PRIMARY KEY NOT NULL,
	`name` text NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `tables_name_unique` ON `tables` (`name`);--> statement-breakpoint
CREATE TABLE `territories` (
	`seq` integer PRIMARY KEY AUTOINCREMENT NOT NULL,
	`name` text NOT NULL,
	`version` integer NOT NULL,
	`document` text NOT NULL,
	`effective_from` integer NOT NULL,
	`saved_at` integer NOT NULL,
	`who` text NOT NULL,
	`withdrawn_at` integer
);
--> statement-breakpoint
CREATE UNIQUE INDEX `territories_version` ON `territories` (`name`,`version`);