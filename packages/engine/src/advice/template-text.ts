import type { Template } from '@countersign/core';
import { Document, isScalar, type Scalar, visit } from 'yaml';
import { durationText } from '../manifest/durations.ts';
import type { LearnedPermission } from './propose-template.ts';

/** Writes a template as the manifest's `templates` has it. A permission that was denied has a comment that says so. */
export function templateText(
  { name, needs, expiresInMs, ...template }: Template,
  permissions: readonly LearnedPermission[],
): string {
  const denied = new Set(permissions.filter(({ wasDenied }) => wasDenied).map((one) => one.permission));
  const document = new Document({
    templates: {
      [name]: withoutUndefined({
        ...template,
        expiresIn: expiresInMs === undefined ? undefined : durationText(expiresInMs),
        needs: needs.length === 0 ? undefined : needs,
      }),
    },
  });
  visit(document.getIn(['templates', name, 'permissions'], true) as never, {
    Scalar(_, node: Scalar) {
      if (isScalar(node) && denied.has(String(node.value))) node.comment = ' was denied: the key lacks it';
    },
  });
  return document.toString({ lineWidth: 0 });
}

function withoutUndefined(value: object): object {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined));
}
