// SPDX-License-Identifier: Apache-2.0
package io.trunkline.wire;

import java.util.Arrays;

/**
 * The first bytes of the messages a client sends after startup, how closely each is looked at and how long it may be.
 *
 * @see <a href="https://www.postgresql.org/docs/18/protocol-message-formats.html">Message formats</a>
 */
public final class FrontendTag {
    /** Query: a simple query. */
    public static final byte QUERY = 'Q';
    /** Parse: creates a statement. */
    public static final byte PARSE = 'P';
    /** Bind: makes a portal of a statement and parameters. */
    public static final byte BIND = 'B';
    /** Describe: asks what a statement or portal returns. */
    public static final byte DESCRIBE = 'D';
    /** Execute: runs a portal. */
    public static final byte EXECUTE = 'E';
    /** Close: drops a statement or portal. */
    public static final byte CLOSE = 'C';
    /** Flush: asks for the replies so far. */
    public static final byte FLUSH = 'H';
    /** Sync: ends an extended query. */
    public static final byte SYNC = 'S';
    /** FunctionCall: calls a function by its OID. */
    public static final byte FUNCTION_CALL = 'F';
    /** CopyData: a piece of COPY input. */
    public static final byte COPY_DATA = 'd';
    /** CopyDone: the end of COPY input. */
    public static final byte COPY_DONE = 'c';
    /** CopyFail: gives a COPY up. */
    public static final byte COPY_FAIL = 'f';
    /** PasswordMessage, SASLInitialResponse, SASLResponse or GSSResponse. */
    public static final byte PASSWORD = 'p';
    /** Terminate: the client leaves. */
    public static final byte TERMINATE = 'X';

    /** The length PostgreSQL allows messages that carry at most a name (PQ_SMALL_MESSAGE_LIMIT in libpq.h). */
    public static final int SMALL_LENGTH_MAX = 10_000;
    /** The length PostgreSQL allows all others (PQ_LARGE_MESSAGE_LIMIT, MaxAllocSize - 1). */
    public static final int LARGE_LENGTH_MAX = 0x3fff_fffe;

    private static final Verdict[] VERDICTS = new Verdict[256];
    private static final int[] LENGTH_MAX = new int[256];

    static {
        Arrays.fill(VERDICTS, Verdict.UNKNOWN);
        put(QUERY, Verdict.BODY, LARGE_LENGTH_MAX);
        put(PARSE, Verdict.BODY, LARGE_LENGTH_MAX);
        put(BIND, Verdict.BODY, LARGE_LENGTH_MAX);
        put(DESCRIBE, Verdict.BODY, SMALL_LENGTH_MAX);
        put(CLOSE, Verdict.BODY, SMALL_LENGTH_MAX);
        // Which portal runs decides what happens to the transaction, so the name is needed.
        put(EXECUTE, Verdict.BODY, SMALL_LENGTH_MAX);
        put(FLUSH, Verdict.HEADER, SMALL_LENGTH_MAX);
        put(SYNC, Verdict.HEADER, SMALL_LENGTH_MAX);
        // Which function it is decides what it leaves on the backend.
        put(FUNCTION_CALL, Verdict.BODY, LARGE_LENGTH_MAX);
        put(COPY_DATA, Verdict.STREAM, LARGE_LENGTH_MAX);
        put(COPY_DONE, Verdict.HEADER, SMALL_LENGTH_MAX);
        put(COPY_FAIL, Verdict.HEADER, SMALL_LENGTH_MAX);
        put(TERMINATE, Verdict.HEADER, SMALL_LENGTH_MAX);
        // PG_MAX_AUTH_TOKEN_LENGTH, the largest a server reads while authenticating (auth.h).
        put(PASSWORD, Verdict.LOGIN_ONLY, 65_535);
    }

    private FrontendTag() {}

    /** Returns how closely messages of this tag are looked at. */
    public static Verdict verdict(byte tag) {
        return VERDICTS[tag & 0xff];
    }

    /** Returns the largest value the length field of this tag may have; 0 for unknown tags. */
    public static int lengthMax(byte tag) {
        return LENGTH_MAX[tag & 0xff];
    }

    private static void put(byte tag, Verdict verdict, int lengthMax) {
        VERDICTS[tag & 0xff] = verdict;
        LENGTH_MAX[tag & 0xff] = lengthMax;
    }
}
