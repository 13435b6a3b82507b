import { Body, Controller, Delete, Get, HttpCode, Param, Post } from '@nestjs/common';
import type { FeedFacts, FeedsFacts } from '@hindcast/contracts';
import { feedConfigSchema } from '@hindcast/feeds/unattended';
import { Documented, Needs } from '@hindcast/service-kit';
import { TickIngest } from '../tick-ingest.js';
import { feedNameField } from './feeds.js';

const path = { name: feedNameField };

@Controller('v1/feeds')
export class FeedsController {
  constructor(private readonly service: TickIngest) {}

  /** Where ticks come from: each feed with its state, how far behind it is, its reconnects, gaps and rows. */
  @Get()
  @Documented({ errors: ['STORE_NOT_READY'] })
  list(): FeedsFacts {
    return this.service.feeds.facts();
  }

  /** One feed. */
  @Get(':name')
  @Documented({ path, errors: ['FEED_UNKNOWN', 'STORE_NOT_READY'] })
  get(@Param('name') name: string): FeedFacts {
    return this.service.feeds.get(name);
  }

  /**
   * Adds a feed and starts it. It is kept, and started with the process from then on. Body: as in a file of feeds
   * (docs/FEEDS.md), `{"name": "demo", "kind": "simulator", "symbols": ["BTC-USDT"], "seed": 7}`.
   */
  @Post()
  @Needs('admin')
  @HttpCode(201)
  @Documented({ body: feedConfigSchema, errors: ['FEED_EXISTS', 'FEEDS_FULL', 'FEED_DENIED', 'STORE_NOT_READY'] })
  add(@Body() body: unknown): Promise<FeedFacts> {
    return this.service.feeds.add(body);
  }

  /** Starts a feed that was stopped or has failed, where it was. */
  @Post(':name/start')
  @Needs('admin')
  @HttpCode(200)
  @Documented({ path, errors: ['FEED_UNKNOWN', 'STORE_NOT_READY'] })
  start(@Param('name') name: string): Promise<FeedFacts> {
    return this.service.feeds.start(name);
  }

  /** Stops a feed until it is started again, also over a restart of the process. Answers when what it has told is on disk. */
  @Post(':name/stop')
  @Needs('admin')
  @HttpCode(200)
  @Documented({ path, errors: ['FEED_UNKNOWN', 'STORE_NOT_READY'] })
  stop(@Param('name') name: string): Promise<FeedFacts> {
    return this.service.feeds.stop(name);
  }

  /** Stops a feed and forgets it; what it has brought stays. One that HINDCAST_FEED asks for is back at the next start. */
  @Delete(':name')
  @Needs('admin')
  @Documented({ path, errors: ['FEED_UNKNOWN', 'STORE_NOT_READY'] })
  remove(@Param('name') name: string): Promise<{ readonly feed: string }> {
    return this.service.feeds.remove(name);
  }
}
