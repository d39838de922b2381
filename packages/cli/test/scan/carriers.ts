import type { TrueSecret } from './true-secrets.ts';

/** A way in which a secret stands in a file. */
export interface Carrier {
  /** The column of the table that it counts in. */
  readonly name: string;
  /** How the file ends. */
  readonly extension: string;
  /** `undefined` where this kind of secret does not occur so. */
  write(secret: TrueSecret): string | undefined;
}

const FILLER = 'export function total(rows){return rows.reduce((sum,row)=>sum+row.price*row.size,0)}';
const quoted = (text: string) => JSON.stringify(text);
const single = (text: string) =>
  `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\n', '\\n')}'`;
const object = ({ owner, member, value }: TrueSecret) =>
  `const connection = new ccxt.${owner.replace(/\W/g, '_')}({\n  ${member}: ${single(value)},\n  enableRateLimit: true,\n});\n`;

export const CARRIERS: readonly Carrier[] = [
  {
    name: 'code',
    extension: 'ts',
    write: (secret) => `import ccxt from 'ccxt';\n\n${object(secret)}\nexport default connection;\n`,
  },
  {
    name: 'code',
    extension: 'py',
    write: ({ variable, value }) =>
      `import os\n\n${variable} = ${quoted(value)}\n\n\ndef main():\n    print(os.getcwd())\n`,
  },
  {
    name: 'code',
    extension: 'go',
    write: ({ variable, value }) => `package main\n\nconst (\n\t${variable} = ${quoted(value)}\n)\n`,
  },
  {
    // The fallback that was meant to be there for a day.
    name: 'code',
    extension: 'js',
    write: ({ variable, value }) => `const it = process.env.${variable} || ${single(value)};\nuse(it);\n`,
  },
  {
    name: 'env, JSON, YAML',
    extension: 'env',
    write: ({ variable, value }) =>
      `# settings\n${variable}=${/\s/.test(value) ? quoted(value) : value}\nPORT=8080\n`,
  },
  {
    name: 'env, JSON, YAML',
    extension: 'json',
    write: ({ owner, member, value }) =>
      JSON.stringify({ name: 'bot', [owner]: { [member]: value, retries: 3 } }, null, 2),
  },
  {
    name: 'env, JSON, YAML',
    extension: 'yaml',
    write: ({ owner, member, value }) =>
      value.includes('\n')
        ? `${owner}:\n  ${member}: |\n${value.trimEnd().replaceAll(/^/gm, '    ')}\n  retries: 3\n`
        : `${owner}:\n  ${member}: ${value}\n  retries: 3\n`,
  },
  {
    name: 'env, JSON, YAML',
    extension: 'k8s.yaml',
    write: ({ variable, value }) =>
      `env:\n  - name: ${variable}\n    value: ${/\s/.test(value) ? quoted(value) : value}\n  - name: PORT\n    value: "80"\n`,
  },
  {
    name: 'minified bundle',
    extension: 'min.js',
    write: ({ owner, member, value }) =>
      `(()=>{"use strict";var e={};${FILLER.slice(7)};var t=new(n(27).${owner.replace(/\W/g, '_')})({${quoted(member)}:${quoted(value)},enableRateLimit:!0});window.__app=t})();`,
  },
  {
    // A bundler gave the literal a short name.
    name: 'minified bundle',
    extension: 'chunk.js',
    write: ({ rule, owner, member, value }) =>
      ['exchange-key', 'exchange-passphrase', 'curve-private-key', 'front-end-secret'].includes(rule)
        ? undefined
        : `const Qe=${quoted(value)},Xe=3e4;function Ye(r){return r.${owner.replace(/\W/g, '_')}({timeout:Xe,${member}:Qe})}export{Ye as c};`,
  },
  {
    name: 'source map',
    extension: 'js.map',
    write: (secret) => JSON.stringify(sourceMap(secret)),
  },
  {
    name: 'source map',
    extension: 'css',
    write: (secret) =>
      `a{color:red}\n/*# sourceMappingURL=data:application/json;base64,${Buffer.from(JSON.stringify(sourceMap(secret))).toString('base64')} */\n`,
  },
  {
    name: 'split or escaped',
    extension: 'split.js',
    write: ({ owner, member, value }) => {
      if (value.includes('\n')) return undefined;
      const at = Math.floor(value.length / 2);
      return `var c=n.${owner.replace(/\W/g, '_')}({${member}:${quoted(value.slice(0, at))}+${quoted(value.slice(at))}});\n`;
    },
  },
  {
    name: 'split or escaped',
    extension: 'template.js',
    write: ({ owner, member, value }) => {
      if (value.includes('\n')) return undefined;
      const at = Math.floor(value.length / 3);
      return `var c=n.${owner.replace(/\W/g, '_')}({${member}:\`\${${quoted(value.slice(0, at))}}${value.slice(at)}\`});\n`;
    },
  },
  {
    name: 'split or escaped',
    extension: 'hex.js',
    write: ({ owner, member, value }) => {
      const hex = [...value].map((c) =>
        c === '\n' ? '\\n' : `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`,
      );
      return `var c=n.${owner.replace(/\W/g, '_')}({${member}:"${hex.join('')}"});\n`;
    },
  },
  {
    name: 'split or escaped',
    extension: 'unicode.js',
    write: ({ owner, member, value }) => {
      const escapes = [...value].map((c, i) =>
        c === '\n' ? '\\n' : i % 3 === 0 ? `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}` : c,
      );
      return `var c=n.${owner.replace(/\W/g, '_')}({${member}:"${escapes.join('')}"});\n`;
    },
  },
  {
    // Nothing before it says what it is.
    name: 'without a name',
    extension: 'bare.js',
    write: ({ value }) => `connect(${quoted(value)}, 443);\n`,
  },
];

function sourceMap(secret: TrueSecret) {
  return {
    version: 3,
    file: 'app.js',
    sources: ['../src/total.ts', '../src/connection.ts'],
    sourcesContent: [FILLER, object(secret)],
    names: ['total', 'rows'],
    mappings: 'AAAA,SAASA,MAAMC,CAAI,CAAE,OAAOA,EAAK,OAAO;AACxC,IAAM,WAAa,IAAI',
  };
}
