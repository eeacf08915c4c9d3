/** The companies the stand-in knows at first: each size class, and the ways real providers are vague. */
export const directory = [
  {
    domain: 'northwind-logistics.example',
    name: 'Northwind Logistics',
    country: 'United States',
    industry: 'Logistics',
    employees: 4200,
  },
  {
    domain: 'helios-solar.example',
    name: 'Helios Solar',
    country: 'Germany',
    industry: 'Renewable Energy',
    employees: 640,
  },
  {
    domain: 'aurora-robotics.example',
    name: 'Aurora Robotics',
    country: 'Japan',
    industry: 'Industrial Automation',
    employees: 85,
  },
  {
    domain: 'baltic-shipping.example',
    name: 'Baltic Shipping',
    country: 'Estonia',
    industry: 'Shipping',
    employees: '51-200',
  },
  {
    domain: 'open-ocean.example',
    name: 'Open Ocean',
    country: null,
    industry: 'Research',
    employees: '201-500',
  },
  {
    domain: 'quiet-partners.example',
    name: 'Quiet Partners',
    country: 'Brazil',
    industry: null,
    employees: null,
  },
  { domain: 'vastmart.example', name: 'Vastmart', country: 'India', industry: 'Retail', employees: 118_000 },
]
