/** The template to use among a repository's, and the others; relative to the repository's root. */
export interface ChosenTemplate {
  readonly file: string;
  readonly others: readonly string[];
}

/** GitHub's locations of the default template in order of precedence; case is ignored. */
const gitHubDefaults = ["\\.github/", "", "docs/"].map(
  (directory) => new RegExp(String.raw`^${directory}pull_request_template(?:\.(?:md|markdown|txt))?$`, "i"),
);
/** The default among several templates. */
const gitHubNamedDefault = /^(?:\.github\/|docs\/)?pull_request_template\/(?:default|pull_request_template)\.md$/i;
const gitHubChoices = /^(?:\.github\/|docs\/)?pull_request_template\/[^/]+\.(?:md|markdown|txt)$/i;
const gitLabDefault = /^\.gitlab\/merge_request_templates\/default\.md$/i;
const gitLabChoices = /^\.gitlab\/merge_request_templates\/[^/]+\.md$/i;

/**
 * Chooses the template among files relative to the repository's root: GitHub's default, GitLab's, else the first by
 * name. Null where there is none.
 */
export function chooseTemplate(names: readonly string[]): ChosenTemplate | null {
  const sorted = [...names].sort();
  const all = [...gitHubDefaults, gitHubNamedDefault, gitLabDefault, gitHubChoices, gitLabChoices].flatMap((place) =>
    sorted.filter((name) => place.test(name)),
  );
  const [file, ...others] = new Set(all);
  return file === undefined ? null : { file, others };
}
