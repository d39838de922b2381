/** A JSON pointer (RFC 6901) to a part of a document: not the one to its root. */
export const POINTER = /^(?:\/(?:[^~/]|~[01])*)+$/;
