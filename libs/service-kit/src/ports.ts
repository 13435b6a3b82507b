/** The one table of ports; HINDCAST_PORT_OFFSET shifts them all, so that several stacks run side by side. */
const basePorts = {
  standaloneHttp: 7700,
  tickIngestHttp: 7701,
  marketPhysicsHttp: 7702,
  stateBroadcasterHttp: 7703,
  marketDataHttp: 7704,
  standaloneGrpc: 7710,
  tickIngestGrpc: 7711,
  marketPhysicsGrpc: 7712,
  stateBroadcasterGrpc: 7713,
  marketDataGrpc: 7714,
  redis: 7720,
  questdbHttp: 7730,
  questdbPg: 7731,
  questdbHealth: 7732,
} as const;

export type PortName = keyof typeof basePorts;
export type PortTable = Readonly<Record<PortName, number>>;

/** The highest offset with which every port still is one. */
export const portOffsetMax = 65_535 - Math.max(...Object.values(basePorts));

export function portTable(offset: number): PortTable {
  const shifted = Object.entries(basePorts).map(([name, port]) => [name, port + offset]);
  return Object.freeze(Object.fromEntries(shifted) as Record<PortName, number>);
}
