import { SalesforceState, type SalesforceStateInput } from './state.ts'
import { idOf } from './store.ts'

const user = (serial: number) => idOf('User', serial)
const queue = idOf('Group', 1)

const input: SalesforceStateInput = {
  users: [
    { Id: user(1), Name: 'Rota Integration', Email: 'integration@rota.example' },
    { Id: user(2), Name: 'Anna Keller', Email: 'anna.keller@rota.example' },
    { Id: user(3), Name: 'Ben Okafor', Email: 'ben.okafor@rota.example' },
    { Id: user(4), Name: 'Carla Mendes', Email: 'carla.mendes@rota.example' },
    { Id: user(5), Name: 'Dmitri Sokolov', Email: 'dmitri.sokolov@rota.example' },
    { Id: user(6), Name: 'Emi Tanaka', Email: 'emi.tanaka@rota.example' },
    { Id: user(7), Name: 'Frank Leaver', Email: 'frank.leaver@rota.example', IsActive: false },
    {
      Id: user(8),
      Name: 'Automated Process',
      Email: 'autoproc@rota.example',
      UserType: 'AutomatedProcess',
    },
  ],
  queues: [{ Id: queue, Name: 'Lead Triage' }],
  accounts: [
    {
      Name: 'Northwind Logistics',
      Website: 'https://www.northwind-logistics.example',
      Type: 'Customer - Direct',
      OwnerId: user(2),
      LastActivityDate: '2026-06-02',
    },
    { Name: 'Helios Solar', Website: 'helios-solar.example/de', Type: 'Prospect', OwnerId: user(3) },
    {
      Name: 'Aurora Robotics',
      Website: 'http://aurora-robotics.example',
      Type: 'Customer',
      OwnerId: user(7),
    },
    { Name: 'Baltic Shipping', Website: 'www.baltic-shipping.example', OwnerId: user(1) },
    { Name: 'Not Helios', Website: 'https://nothelios-solar.example', Type: 'Customer', OwnerId: user(6) },
  ].map((account, index) => ({
    Id: idOf('Account', index + 1),
    CreatedDate: `202${index}-03-01T08:00:00.000+0000`,
    ...account,
  })),
  opportunities: [
    {
      Name: 'Helios rollout',
      StageName: 'Negotiation/Review',
      AccountId: idOf('Account', 2),
      OwnerId: user(3),
    },
    {
      Name: 'Helios pilot',
      StageName: 'Closed Lost',
      IsClosed: true,
      AccountId: idOf('Account', 2),
      OwnerId: user(3),
    },
    {
      Name: 'Baltic trial',
      StageName: 'Closed Won',
      IsClosed: true,
      IsWon: true,
      AccountId: idOf('Account', 4),
    },
  ],
  contacts: [
    {
      FirstName: 'Nora',
      LastName: 'Wind',
      Email: 'nora@northwind-logistics.example',
      AccountId: idOf('Account', 1),
      OwnerId: user(2),
    },
  ],
  leads: [
    {
      FirstName: 'Lena',
      LastName: 'Open',
      Company: 'Open Ocean',
      Email: 'lena@open-ocean.example',
      OwnerId: queue,
    },
  ],
  cadences: [{ Name: 'Inbound Enterprise' }, { Name: 'Inbound Mid-Market' }, { Name: 'Inbound SMB' }],
  settings: { assignLeadsTo: queue },
}

/** A small org with one of everything that routing trips over: an inactive owner, a queue, an automated user, a look-alike domain. */
export const seedState: SalesforceState = SalesforceState.parse(input)
