import { expect, it } from 'vitest';
import { send } from '../shared/gateway.ts';
import { SHAPES } from './request-shapes.ts';

/** Headers that are another at each request. */
const RANDOM = ['x-request-id', 'apigw-requestid'];

async function answerTo(request: Request): Promise<string> {
  const { status, headers, text } = await send(request);
  const shown = [...headers].map(([name, value]) => `${name}: ${RANDOM.includes(name) ? '…' : value}`);
  return [`${status} · ${shown.join(' · ')}`, text].join('\n');
}

it('is answered, in every shape that a request can have, as the table says', async () => {
  const names = new Map<string, string[]>();
  for (const { name, request } of SHAPES) {
    const answer = await answerTo(request());
    names.set(answer, [...(names.get(answer) ?? []), name]);
  }
  const table = [...names].map(([answer, asked]) => `${asked.map((name) => `# ${name}`).join('\n')}\n${answer}\n`);
  await expect(table.join('\n')).toMatchFileSnapshot('request-shapes.answers.txt');
});
