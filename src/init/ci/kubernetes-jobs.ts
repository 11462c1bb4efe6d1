import type { CiFacts } from "./ci-facts.ts";

/** How long the shards and their verdict may take together, in seconds. */
const patience = 3600;

/**
 * An Indexed Job with a pod for each shard, and the job that waits for all of them and judges them: over a volume that all
 * pods share. The image, which holds the checkout and its packages, and the volume are the user's.
 */
export function kubernetesJobs({ node, postgresImage }: CiFacts, shards: number): string {
  const { call } = node;
  const server = postgresImage === null ? [] : sidecar(postgresImage);
  return [
    `# Verifies a commit on ${shards} pods. Written by \`verify init --ci kubernetes --shards ${shards}\`; it is yours to change.`,
    "# IMAGE holds the checkout of the commit, with its packages and .git, in /work. SHARED is a volume claim that all pods",
    "# may write (ReadWriteMany). Without one, put your object store's command in place of `cp`, and of the loop below.",
    "#",
    "#   kubectl create -f verify.yaml && kubectl wait --for=condition=complete job/verify-merge --timeout=1h",
    "apiVersion: batch/v1",
    "kind: Job",
    "metadata:",
    "  name: verify-shards",
    "spec:",
    "  completionMode: Indexed",
    `  completions: ${shards}`,
    `  parallelism: ${shards}`,
    "  # A shard that failed has said so; running it again would not change that.",
    "  backoffLimit: 0",
    `  activeDeadlineSeconds: ${patience}`,
    "  template:",
    "    spec:",
    "      restartPolicy: Never",
    ...server,
    ...container("shard", [
      `${call} verify --shard auto; code=$?`,
      "cp .verify/shard-* /shards/",
      "touch /shards/handed-on-$JOB_COMPLETION_INDEX",
      "exit $code",
    ]),
    "          env:",
    "            - name: VERIFY_SHARD_TOTAL",
    `              value: "${shards}"`,
    ...(postgresImage === null
      ? []
      : [
          "            - name: VERIFY_DATABASE_URL",
          "              value: postgresql://postgres:postgres@localhost:5432/postgres",
        ]),
    ...volume,
    "---",
    "apiVersion: batch/v1",
    "kind: Job",
    "metadata:",
    "  name: verify-merge",
    "spec:",
    "  backoffLimit: 0",
    "  # A shard that never hands anything on ends here, too: nothing is verified then.",
    `  activeDeadlineSeconds: ${patience}`,
    "  template:",
    "    spec:",
    "      restartPolicy: Never",
    ...container("merge", [
      `until [ "$(ls /shards | grep -c '^handed-on-')" -eq ${shards} ]; do sleep 2; done`,
      `exec ${call} verify merge /shards`,
    ]),
    ...volume,
    "",
  ].join("\n");
}

function container(name: string, commands: readonly string[]): string[] {
  return [
    "      containers:",
    `        - name: ${name}`,
    "          image: IMAGE",
    "          workingDir: /work",
    '          command: ["sh", "-c"]',
    "          args:",
    "            - |",
    ...commands.map((command) => `              ${command}`),
    "          volumeMounts:",
    "            - name: shards",
    "              mountPath: /shards",
  ];
}

/** A server beside each shard, which ends with it. */
function sidecar(image: string): string[] {
  return [
    "      initContainers:",
    "        - name: postgres",
    `          image: ${image}`,
    "          restartPolicy: Always",
    "          env:",
    "            - name: POSTGRES_PASSWORD",
    "              value: postgres",
    "          startupProbe:",
    "            exec:",
    '              command: ["pg_isready", "-U", "postgres"]',
    "            periodSeconds: 1",
    "            failureThreshold: 60",
  ];
}

const volume = [
  "      volumes:",
  "        - name: shards",
  "          persistentVolumeClaim:",
  "            claimName: SHARED",
];
