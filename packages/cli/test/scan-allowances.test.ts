import { readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { createRepository } from './scan/repository.ts';
import { allowance, dayIn, scanning } from './scan/scanning.ts';

const { repository, secret, scan, told } = scanning('scan-allowances.test');

describe('allowances', () => {
  beforeEach(() => repository.write('a.env', `S=${secret()}\n`));

  it.each([
    ['any secret of the rule in the file', {}],
    ['a folder and all below', { path: '**' }],
    ['a name in any folder', { path: '**/a.env' }],
    ['until today', { expires: dayIn(0) }],
  ])('let pass: %s', async (_, change) => {
    repository.write('.countersign-allow.yaml', allowance(change));
    expect((await told(0)).allowed).toMatchObject([{ reason: 'made for a test' }]);
  });

  it.each([
    ['another rule', { rule: 'private-key' }],
    ['another path', { path: 'b.env' }],
    ['a star within another folder', { path: 'deep/*' }],
    ['another fingerprint', { fingerprint: `f1-${'0'.repeat(32)}` }],
  ])('do not reach: %s', async (_, change) => {
    repository.write('.countersign-allow.yaml', allowance(change));
    expect(await scan()).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('Allowed, but not found'),
    });
  });

  it.each([
    ['it expired on', { expires: dayIn(-1) }],
    ['must be within 366 days', { expires: dayIn(400) }],
    ['must be a day', { expires: '2027-02-30' }],
    ['"reason" must be given', { reason: ' ' }],
    ['there is no rule', { rule: 'all' }],
    ['"fingerprint" must be', { fingerprint: 'f1-12' }],
    ['there is no "note"', { note: 'x' }],
  ])('are a fault: %s', async (fault, change) => {
    repository.write('.countersign-allow.yaml', allowance(change));
    expect(await scan()).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(fault) });
  });

  it.each(['a: 1\n', '- 1\n', '[', '- &a [*a]\n', '- rule: x\n  rule: y\n'])(
    'are a fault: %j',
    async (text) => {
      repository.write('.countersign-allow.yaml', text);
      expect(await scan()).toMatchObject({ code: 2, stdout: '' });
    },
  );

  it('are in no link: who sent it could have the file that it leads to told', async () => {
    const elsewhere = createRepository();
    elsewhere.write('a.yaml', 'hunter2: [of somebody: else\n');
    symlinkSync(join(elsewhere.folder, 'a.yaml'), join(repository.folder, '.countersign-allow.yaml'));
    const ended = await scan();
    elsewhere.remove();
    expect(ended).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('no regular file') });
    expect(ended.stderr).not.toContain('hunter2');
  });

  it('are no comment in the code', async () => {
    repository.write(
      'a.env',
      `# secretlint-disable\nS=${secret()} # gitleaks:allow secretlint-disable-line\n`,
    );
    await told(1);
  });
});

describe('--baseline', () => {
  it('knows what was written, and holds no secret', async () => {
    const value = secret();
    repository.write('a.env', `S=${value}\nBITGET_PASSPHRASE=Gulp4horses\n`);
    expect(await scan('--write-baseline', 'base.json')).toMatchObject({ code: 0 });
    const text = readFileSync(join(repository.folder, 'base.json'), 'utf8');
    expect(text).not.toContain(value.slice(8, 20));
    expect(text).not.toContain('horses');
    expect((await told(0, '--baseline', 'base.json')).known).toHaveLength(2);
    repository.write('a.env', `\n\nS=${value}\nBITGET_PASSPHRASE=Gulp4horsez\n`);
    expect((await told(1, '--baseline', 'base.json')).findings).toMatchObject([
      { rule: 'exchange-passphrase' },
    ]);
  });

  it.each(['', '[]', '{"version":2,"findings":[]}', '{"version":1,"findings":[{}]}'])(
    'refuses %j',
    async (text) => {
      repository.write('base.json', text);
      expect(await scan('--baseline', 'base.json')).toMatchObject({ code: 2, stdout: '' });
    },
  );
});
