/**
 * Services and messages of a .proto file with the comments above them. The grammar is the part of it that the project
 * uses: services, rpcs, messages, their fields and oneofs, line comments.
 *
 * @typedef {{ name: string, comment: string, rpcs: { name: string, request: string, answer: string, comment: string }[] }} ProtoService
 * @typedef {{ name: string, comment: string, fields: { name: string, type: string, comment: string }[] }} ProtoMessage
 */

const rpcPattern = /^rpc (\w+)\((stream )?(\w+)\) returns \((stream )?(\w+)\);$/;
const fieldPattern = /^((?:optional |repeated )?[\w.]+) (\w+) = \d+;$/;
const oneofPattern = /^oneof (\w+) \{$/;
const blockPattern = /^(service|message) (\w+) \{(\})?$/;

/** @returns {{ package: string, services: ProtoService[], messages: ProtoMessage[] }} */
export function parseProto(text) {
  const file = { package: /^package ([\w.]+);$/m.exec(text)?.[1] ?? '', services: [], messages: [] };
  let block;
  let oneof;
  let comment = [];
  for (const line of text.split('\n').map((raw) => raw.trim())) {
    if (line.startsWith('//')) {
      comment.push(line.slice(2).trim());
      continue;
    }
    const opened = blockPattern.exec(line);
    if (opened) block = openBlock(file, opened, comment.join(' '));
    else if (oneofPattern.test(line)) oneof = oneofPattern.exec(line)[1];
    else if (line === '}') oneof = undefined;
    else if (block) addTo(block, line, { comment: comment.join(' '), oneof });
    comment = [];
  }
  return file;
}

function openBlock(file, [, kind, name], comment) {
  const block = kind === 'service' ? { name, comment, rpcs: [] } : { name, comment, fields: [] };
  (kind === 'service' ? file.services : file.messages).push(block);
  return block;
}

function addTo(block, line, { comment, oneof }) {
  const rpc = rpcPattern.exec(line);
  if (rpc) block.rpcs.push({ name: rpc[1], request: `${rpc[2] ?? ''}${rpc[3]}`, answer: `${rpc[4] ?? ''}${rpc[5]}`, comment });
  const field = fieldPattern.exec(line);
  if (field) block.fields.push({ type: oneof === undefined ? field[1] : `${field[1]}, one of ${oneof}`, name: field[2], comment });
}
