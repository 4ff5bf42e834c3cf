import { z } from 'zod';
import type { Problem } from '../../../pipeline/agent/fluent-bit/problem.ts';
import { type ConfigFile, renderConfig } from '../../../pipeline/agent/fluent-bit/render-config.ts';
import type { Templates } from '../../../pipeline/agent/fluent-bit/templates.ts';
import { VARIABLES } from '../../../pipeline/agent/fluent-bit/variables.ts';
import { LogplaneError } from '../../../pipeline/runtime/errors.ts';
import type { RouteFamily } from '../../http/api.ts';
import { describe, requiredText } from '../../http/parameters.ts';
import { FILES, PROBLEM, RENDER, VARIABLE } from './schema.ts';

export interface TemplateRoutesOptions {
  readonly templates: Templates;
  /** Runs a rendered configuration on trial. */
  readonly verifyConfig: (files: readonly ConfigFile[]) => Promise<readonly Problem[]>;
}

/** The other templates are included by these and cannot run alone. */
const isWhole = (name: string) => name.startsWith('fluent-bit-');

const TEMPLATE_NAME = z.string().meta({ examples: ['fluent-bit-worker.conf'] });

export function addTemplateRoutes(
  api: RouteFamily,
  { templates, verifyConfig }: TemplateRoutesOptions,
): void {
  api.get(
    '/api/v1/templates',
    {
      operationId: 'listTemplates',
      summary: 'List templates',
      description: 'Returns the templates of Fluent Bit configurations with their variables.',
      permission: 'read',
      response: z.object({
        templates: z.array(z.object({ name: TEMPLATE_NAME, variables: z.array(VARIABLE) })),
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
      operationId: 'renderTemplate',
      summary: 'Render a template',
      description:
        'Renders a Fluent Bit configuration and checks it; `problems` names what is missing, unknown or invalid. Where Fluent Bit ' +
        'is installed on the server, it runs the configuration on trial.',
      permission: 'read',
      parameters: { name: describe(requiredText, 'The name of the template', 'fluent-bit-worker.conf') },
      requestBody: RENDER,
      response: z.object({
        config: z
          .string()
          .meta({ description: 'The content of the main file', examples: ['[SERVICE]\n    Flush 1\n'] }),
        files: FILES,
        problems: z.array(PROBLEM).meta({ examples: [[]] }),
      }),
      errors: ['not_found', 'unavailable'],
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
