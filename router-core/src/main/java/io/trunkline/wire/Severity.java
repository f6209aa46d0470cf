// SPDX-License-Identifier: Apache-2.0
package io.trunkline.wire;

/** Severities of ErrorResponse (the first three) and NoticeResponse, as the untranslated field V spells them. */
public enum Severity {
    /** The statement failed. */
    ERROR,
    /** The connection ends. */
    FATAL,
    /** All connections of the server end. */
    PANIC,
    /** A warning to the user. */
    WARNING,
    /** Something the user may want to know. */
    NOTICE,
    /** Something for developers. */
    DEBUG,
    /** Something the user asked for. */
    INFO,
    /** Something for administrators. */
    LOG
}
