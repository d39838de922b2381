import { EXIT } from '../../command-error.ts';
import { type Context, connect, type ServiceFlags } from '../../context.ts';
import { openPrivateStream } from '../../private-file.ts';
import { plain } from '../../terminal.ts';
import { csvEntries } from './csv-entries.ts';
import { createFailedLines } from './failed-lines.ts';
import { importEntries, type LineFault, summaryOf } from './import-entries.ts';
import { formatOf, type ImportFormat } from './import-format.ts';
import { jsonEntries } from './json-entries.ts';
import { createProgress } from './progress.ts';

export interface ImportFileFlags extends ServiceFlags {
  readonly from?: string;
  readonly format?: ImportFormat;
  readonly fromLine?: number;
  readonly failedOut?: string;
}

/** `countersign keys import --from`: what a file holds, line by line. */
export async function importFile(context: Context, flags: ImportFileFlags, from: string): Promise<void> {
  const { terminal, clock } = context;
  const format = flags.format ?? formatOf(from);
  const api = await connect(context, flags);
  const { stream, size } = openPrivateStream(from);
  const failedLines = flags.failedOut === undefined ? undefined : createFailedLines(flags.failedOut);
  const faults: LineFault[] = [];
  let read = 0;
  async function* counted(): AsyncGenerator<Buffer> {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      read += chunk.length;
      yield chunk;
    }
  }
  try {
    const entries = format === 'csv' ? csvEntries(counted(), from) : jsonEntries(counted());
    const done = await importEntries(api, entries, {
      fromLine: flags.fromLine ?? 1,
      onDone: createProgress(terminal, { read: () => read, total: size }, clock),
      onWait: (message) => terminal.note(plain(message)),
      onFault(fault, entry) {
        terminal.note(plain(`${from}:${fault.line}: ${fault.code}: ${fault.message}`));
        if (flags.json) faults.push(fault);
        failedLines?.add(entry);
      },
    });
    if (done.failed > 0) process.exitCode = EXIT.failed;
    terminal.status?.('');
    const failed = faults.sort((a, b) => a.line - b.line);
    if (flags.json) terminal.printJson({ ...done, failed });
    else terminal.print(`${summaryOf(done)}.`);
  } finally {
    failedLines?.close();
    stream.destroy();
  }
}
