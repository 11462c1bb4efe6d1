import { entriesOf, type ProjectFiles, within } from "../../project/project-files.ts";
import { pytestSettings } from "../../project/pytest-configuration.ts";

/** What Django itself takes for test files, where `manage.py test` runs them. */
export const djangoTestFile = /(^|\/)test[^/]*\.py$/;

/**
 * The module of settings that a directory's `manage.py` names, where Django's own runner runs the tests: nothing there tells
 * pytest how. Null elsewhere.
 */
export function djangoSettings(project: ProjectFiles, root: string): string | null {
  const manage = project.read(within(root, "manage.py")) ?? "";
  const named = /["']DJANGO_SETTINGS_MODULE["']\s*,\s*["']([\w.]+)["']/.exec(manage)?.[1];
  if (named === undefined || pytestSettings(project, root) !== null) return null;
  return entriesOf(project, root).includes("conftest.py") ? null : named;
}

/** The command by which pytest runs what `manage.py test` does, with pytest-django. */
export function djangoCommand(settings: string, launcher: string): string {
  return `DJANGO_SETTINGS_MODULE=${settings} ${launcher}pytest -o "python_files=test*.py"`;
}
