import { z } from 'zod';
import type { Problem } from '../../../pipeline/agent/fluent-bit/problem.ts';
import { type ConfigFile, renderConfig } from '../../../pipeline/agent/fluent-bit/render-config.ts';
import type { Templates } from '../../../pipeline/agent/fluent-bit/templates.ts';
import { VARIABLES } from '../../../pipeline/agent/fluent-bit/variables.ts';
import { LogplaneError } from '../../../pipeline/runtime/errors.ts';
import type { RouteFamily } from '../../http/api.ts';
import { requiredText } from '../../http/parameters.ts';
import { FILES, PROBLEM, RENDER, VARIABLE } from './schema.ts';

export interface TemplateRoutesOptions {
  readonly templates: Templates;
  /** Tries a rendered configuration out. */
  readonly verifyConfig: (files: readonly ConfigFile[]) => Promise<readonly Problem[]>;
}

/** Files that a worker's configuration brings along are no configuration that could be tried alone. */
const isWhole = (name: string) => name.startsWith('fluent-bit-');

export function addTemplateRoutes(
  api: RouteFamily,
  { templates, verifyConfig }: TemplateRoutesOptions,
): void {
  api.get(
    '/api/v1/templates',
    {
      summary: 'Templates of Fluent Bit configurations, with their variables',
      right: 'read',
      answer: z.object({
        templates: z.array(z.object({ name: z.string(), variables: z.array(VARIABLE) })),
      }),
    },
    () => {
      const variables = Object.entries(VARIABLES).map(([name, definition]) => ({
        name,
        aliases: definition.aliases ?? [],
        required: definition.default === undefined,
        default: definition.default ?? null,
        secret: definition.secret === true,
        description: definition.description,
      }));
      return { templates: templates.names.map((name) => ({ name, variables })) };
    },
  );

  api.post(
    '/api/v1/templates/:name/render',
    {
      summary: 'Renders a template and checks the result',
      description:
        'What is missing, unknown or wrong stands in `problems`, with file and line. Where the server has a Fluent Bit, it is ' +
        'tried out too.',
      right: 'read',
      parameters: { name: requiredText },
      body: RENDER,
      answer: z.object({ config: z.string(), files: FILES, problems: z.array(PROBLEM) }),
      errors: ['not_found', 'overloaded'],
    },
    async (_context, { name }, given) => {
      if (!templates.names.includes(name)) {
        const names = templates.names.join(', ');
        throw new LogplaneError('not_found', `no template "${name}": expected one of ${names}`);
      }
      const rendered = renderConfig(templates, { ...given, template: name });
      const whole = rendered.problems.length === 0 && isWhole(name);
      return { ...rendered, problems: whole ? await verifyConfig(rendered.files) : rendered.problems };
    },
  );
}
