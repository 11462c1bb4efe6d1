/**
 * The specification of in-toto's attestations as a JSON schema. The project publishes none, but pages and protocol buffers; each
 * part names the page it was written from, in https://github.com/in-toto/attestation/tree/main/spec, and the checks that
 * `Validate()` in go/v1 makes are among them.
 */
const definitions = {
  // v1/field_types.md: an RFC 3986 URI, scheme and authority in lower case.
  TypeURI: { type: "string", format: "uri", pattern: "^[a-z][a-z0-9+.-]*:" },
  ResourceURI: { type: "string", format: "uri", pattern: "^[a-z][a-z0-9+.-]*:" },
  // v1/digest_set.md
  DigestSet: {
    type: "object",
    minProperties: 1,
    properties: {
      sha1: { pattern: "^[0-9a-f]{40}$" },
      sha256: { pattern: "^[0-9a-f]{64}$" },
      sha512: { pattern: "^[0-9a-f]{128}$" },
      gitCommit: { pattern: "^([0-9a-f]{40}|[0-9a-f]{64})$" },
      gitTree: { pattern: "^([0-9a-f]{40}|[0-9a-f]{64})$" },
      gitBlob: { pattern: "^([0-9a-f]{40}|[0-9a-f]{64})$" },
      gitTag: { pattern: "^([0-9a-f]{40}|[0-9a-f]{64})$" },
    },
    additionalProperties: { type: "string", minLength: 1 },
  },
  // v1/resource_descriptor.md
  ResourceDescriptor: {
    type: "object",
    properties: {
      name: { type: "string" },
      uri: { $ref: "#/$defs/ResourceURI" },
      digest: { $ref: "#/$defs/DigestSet" },
      content: { type: "string", contentEncoding: "base64" },
      downloadLocation: { $ref: "#/$defs/ResourceURI" },
      mediaType: { type: "string" },
      annotations: { type: "object" },
    },
    anyOf: [{ required: ["uri"] }, { required: ["digest"] }, { required: ["content"] }],
  },
  // predicates/test-result.md
  TestResult: {
    type: "object",
    required: ["result", "configuration"],
    properties: {
      result: { enum: ["PASSED", "WARNED", "FAILED"] },
      configuration: { type: "array", items: { $ref: "#/$defs/ResourceDescriptor" } },
      url: { $ref: "#/$defs/ResourceURI" },
      passedTests: { type: "array", items: { type: "string" } },
      warnedTests: { type: "array", items: { type: "string" } },
      failedTests: { type: "array", items: { type: "string" } },
    },
    // v1/README.md, parsing rules: version 1.0 wants extension fields to be TypeURIs, 1.1 advises against `.` and `$` in them.
    patternProperties: { "[.$]": false },
    additionalProperties: true,
    propertyNames: {
      anyOf: [
        { enum: ["result", "configuration", "url", "passedTests", "warnedTests", "failedTests"] },
        { $ref: "#/$defs/TypeURI" },
      ],
    },
  },
};

/** v1/statement.md, with the predicate of a test result. */
export const statementSchema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  $defs: definitions,
  type: "object",
  required: ["_type", "subject", "predicateType", "predicate"],
  properties: {
    _type: { const: "https://in-toto.io/Statement/v1" },
    subject: {
      type: "array",
      minItems: 1,
      items: { allOf: [{ $ref: "#/$defs/ResourceDescriptor" }, { required: ["digest"] }] },
    },
    predicateType: { const: "https://in-toto.io/attestation/test-result/v0.1" },
    predicate: { $ref: "#/$defs/TestResult" },
  },
};

/** The envelope of https://github.com/secure-systems-lab/dsse/blob/master/envelope.md. */
export const envelopeSchema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  type: "object",
  required: ["payload", "payloadType", "signatures"],
  properties: {
    payload: { type: "string", contentEncoding: "base64" },
    payloadType: { const: "application/vnd.in-toto+json" },
    signatures: {
      type: "array",
      minItems: 1,
      items: {
        type: "object",
        required: ["sig"],
        properties: { keyid: { type: "string" }, sig: { type: "string", contentEncoding: "base64" } },
      },
    },
  },
};
