import type { FollowerFacts, FollowersFacts } from '@hindcast/contracts';
import { exitCodes, type ExitCode } from '../exit-codes.js';
import { duration, whole } from '../format/quantities.js';
import { table } from '../format/table.js';
import { findServices } from '../services.js';
import type { Terminal } from '../terminal.js';

export async function showFollowers({ json, print, note }: Terminal): Promise<ExitCode> {
  const services = await findServices({ note });
  const facts = await services.followers();
  print(json ? JSON.stringify(facts) : followersTable(facts));
  return exitCodes.ok;
}

export async function forgetFollower(name: string, { json, print, note }: Terminal): Promise<ExitCode> {
  const services = await findServices({ note });
  const forgotten = await services.forgetFollower(name);
  print(json ? JSON.stringify(forgotten) : `${forgotten.follower} is forgotten: the log keeps nothing for it until it reports again`);
  return exitCodes.ok;
}

const columns = [
  { title: 'follower' },
  { title: 'whose' },
  { title: 'checkpoint', align: 'right' as const },
  { title: 'batches behind', align: 'right' as const },
  { title: 'rows behind', align: 'right' as const },
  { title: 'time behind', align: 'right' as const },
  { title: 'last progress' },
];

export function followersTable({ followers }: FollowersFacts): string {
  return table(columns, followers.map(cells));
}

function cells(facts: FollowerFacts): readonly string[] {
  return [
    facts.follower,
    facts.owner === 'hindcast' ? 'Hindcast' : 'outside',
    whole(facts.number),
    whole(facts.batches_behind),
    whole(facts.rows_behind),
    facts.batches_behind === 0 ? '-' : duration(facts.seconds_behind),
    `${facts.progress_at ?? '-'}${facts.cut_off ? ', CUT OFF' : ''}`,
  ];
}
