import { Controller, Delete, Get, Param } from '@nestjs/common';
import type { FollowersFacts } from '@hindcast/contracts';
import { Documented, Needs } from '@hindcast/service-kit';
import { TickIngest } from '../tick-ingest.js';
import { followerField } from './followers.js';

@Controller('v1/followers')
export class FollowersController {
  constructor(private readonly service: TickIngest) {}

  /** Everybody whose checkpoint the log waits for, the drain first: how far each is, and how far behind. */
  @Get()
  @Documented({ errors: ['STORE_NOT_READY'] })
  list(): FollowersFacts {
    return this.service.observer.followers().facts;
  }

  /**
   * Forgets the checkpoint of an outside follower, which pins the log until it reports. What is trimmed then it no longer finds
   * there (`NUMBER_TRIMMED`). Its next report makes it known again, so stop it first.
   */
  @Delete(':name')
  @Needs('admin')
  @Documented({ path: { name: followerField }, errors: ['FOLLOWER_UNKNOWN', 'FOLLOWER_OWN', 'STORE_NOT_READY', 'LOG_UNAVAILABLE'] })
  forget(@Param('name') name: string): Promise<{ readonly follower: string }> {
    return this.service.followers.forget(name);
  }
}
