import { Controller, Get } from '@nestjs/common';
import type { MonitoringReport } from '@hindcast/contracts';
import { MonitoringRegistry } from './monitoring.js';

@Controller('v1/monitoring')
export class MonitoringController {
  constructor(private readonly monitoring: MonitoringRegistry) {}

  /**
   * All that the service owns, in `sections` that each have `ok`, `facts`, `problems` (with the runbook of docs/OPERATING.md) and
   * `error` where it could not be read. Always 200 and within a bounded time: a store that is away costs its own section only.
   */
  @Get()
  report(): Promise<MonitoringReport> {
    return this.monitoring.report();
  }
}
