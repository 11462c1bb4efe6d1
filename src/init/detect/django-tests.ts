import { entriesOf, type ProjectFiles, within } from "../../project/project-files.ts";
import { pytestSettings } from "../../project/pytest-configuration.ts";

/** Django's own pattern for test files, used by `manage.py test`. */
export const djangoTestFile = /(^|\/)test[^/]*\.py$/;

/**
 * The settings module in a directory's `manage.py`, where tests use Django's own runner, so that nothing configures
 * pytest. Otherwise null.
 */
export function djangoSettings(project: ProjectFiles, root: string): string | null {
  const manage = project.read(within(root, "manage.py")) ?? "";
  const named = /["']DJANGO_SETTINGS_MODULE["']\s*,\s*["']([\w.]+)["']/.exec(manage)?.[1];
  if (named === undefined || pytestSettings(project, root) !== null) return null;
  return entriesOf(project, root).includes("conftest.py") ? null : named;
}

/** The pytest command that runs the same tests as `manage.py test`, with pytest-django. */
export function djangoCommand(settings: string, launcher: string): string {
  return `DJANGO_SETTINGS_MODULE=${settings} ${launcher}pytest -o "python_files=test*.py"`;
}
