import type Router from 'koa-router';
import { badRequest, LogplaneError } from '../../pipeline/errors.ts';
import type { Problem } from '../../pipeline/fluent-bit/problem.ts';
import { readProfile } from '../../pipeline/fluent-bit/profile.ts';
import { type ConfigFile, renderConfig } from '../../pipeline/fluent-bit/render-config.ts';
import type { Templates } from '../../pipeline/fluent-bit/templates.ts';
import { VARIABLES } from '../../pipeline/fluent-bit/variables.ts';
import type { Auth } from '../http/auth.ts';
import type { ReadBodyOptions } from '../http/read-body.ts';
import { readJson } from '../http/read-json.ts';

export interface TemplateRoutesOptions {
  readonly auth: Auth;
  readonly body: ReadBodyOptions;
  readonly templates: Templates;
  /** Tries a rendered configuration out. */
  readonly verifyConfig: (files: readonly ConfigFile[]) => Promise<readonly Problem[]>;
}

/** Files that a worker's configuration brings along; alone they are no configuration that could be tried. */
const isWhole = (name: string) => name.startsWith('fluent-bit-');

export function addTemplateRoutes(
  router: Router,
  { auth, body, templates, verifyConfig }: TemplateRoutesOptions,
): void {
  router.get('/api/v1/templates', auth.require('read'), (context) => {
    const variables = Object.entries(VARIABLES).map(([name, definition]) => ({
      name,
      aliases: definition.aliases ?? [],
      required: definition.default === undefined,
      default: definition.default ?? null,
      secret: definition.secret === true,
      description: definition.description,
    }));
    context.body = { templates: templates.names.map((name) => ({ name, variables })) };
  });

  /** A preview: what is missing, unknown or wrong stands in `problems`, and the answer is 200. */
  router.post('/api/v1/templates/:name/render', auth.require('read'), async (context) => {
    const template = context.params.name as string;
    if (!templates.names.includes(template)) {
      throw new LogplaneError(
        'not_found',
        `no template "${template}": expected one of ${templates.names.join(', ')}`,
      );
    }
    const given = (await readJson(context, body)) as Record<string, unknown> | null;
    if (typeof given !== 'object' || given === null || Array.isArray(given)) {
      throw badRequest('the body: expected {"variables": {…}, "sources"?: […], "parsers"?: […]}');
    }
    const { profile, problems } = readProfile(given);
    if (problems.length > 0) throw badRequest(problems.map(({ message }) => message).join('; '));
    const rendered = renderConfig(templates, { ...profile, template });
    const whole = rendered.problems.length === 0 && isWhole(template);
    context.body = {
      ...rendered,
      problems: whole ? await verifyConfig(rendered.files) : rendered.problems,
    };
  });
}
