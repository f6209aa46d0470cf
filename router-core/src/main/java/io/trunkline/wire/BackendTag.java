// SPDX-License-Identifier: Apache-2.0
package io.trunkline.wire;

import java.util.Arrays;

/**
 * The first bytes of the messages a server sends, how closely each is looked at and how long it may be.
 *
 * @see <a href="https://www.postgresql.org/docs/18/protocol-message-formats.html">Message formats</a>
 */
public final class BackendTag {
    /** Authentication request or success; {@link Authentication} tells which. */
    public static final byte AUTHENTICATION = 'R';
    /** BackendKeyData: the key for cancel requests. */
    public static final byte BACKEND_KEY_DATA = 'K';
    /** NegotiateProtocolVersion: the server speaks an older minor version, or not all options. */
    public static final byte NEGOTIATE_PROTOCOL_VERSION = 'v';
    /** ParameterStatus: the value of a reported parameter. */
    public static final byte PARAMETER_STATUS = 'S';
    /** ReadyForQuery: the end of a request and the transaction status. */
    public static final byte READY_FOR_QUERY = 'Z';
    /** RowDescription: the columns of the rows to come. */
    public static final byte ROW_DESCRIPTION = 'T';
    /** DataRow. */
    public static final byte DATA_ROW = 'D';
    /** CommandComplete: a statement is done. */
    public static final byte COMMAND_COMPLETE = 'C';
    /** EmptyQueryResponse: there was no statement to run. */
    public static final byte EMPTY_QUERY_RESPONSE = 'I';
    /** ErrorResponse. */
    public static final byte ERROR_RESPONSE = 'E';
    /** NoticeResponse. */
    public static final byte NOTICE_RESPONSE = 'N';
    /** NotificationResponse: NOTIFY of a channel listened to. */
    public static final byte NOTIFICATION_RESPONSE = 'A';
    /** ParseComplete. */
    public static final byte PARSE_COMPLETE = '1';
    /** BindComplete. */
    public static final byte BIND_COMPLETE = '2';
    /** CloseComplete. */
    public static final byte CLOSE_COMPLETE = '3';
    /** ParameterDescription: the parameter types of a statement. */
    public static final byte PARAMETER_DESCRIPTION = 't';
    /** NoData: the described thing returns no rows. */
    public static final byte NO_DATA = 'n';
    /** PortalSuspended: the row limit of Execute was reached. */
    public static final byte PORTAL_SUSPENDED = 's';
    /** CopyInResponse. */
    public static final byte COPY_IN_RESPONSE = 'G';
    /** CopyOutResponse. */
    public static final byte COPY_OUT_RESPONSE = 'H';
    /** CopyBothResponse, for replication. */
    public static final byte COPY_BOTH_RESPONSE = 'W';
    /** CopyData. */
    public static final byte COPY_DATA = 'd';
    /** CopyDone. */
    public static final byte COPY_DONE = 'c';
    /** FunctionCallResponse. */
    public static final byte FUNCTION_CALL_RESPONSE = 'V';

    /** The length of a message without body. */
    private static final int EMPTY = 4;
    /** The length of ReadyForQuery. */
    private static final int STATUS = 5;
    /** A bound for messages that are short in every PostgreSQL, far above what it sends. */
    private static final int SHORT = 10_000;
    /** Bounded only by what the scanner was told. */
    private static final int ANY = Integer.MAX_VALUE;

    private static final Verdict[] VERDICTS = new Verdict[256];
    private static final int[] LENGTH_MAX = new int[256];

    static {
        Arrays.fill(VERDICTS, Verdict.UNKNOWN);
        put(DATA_ROW, Verdict.STREAM, ANY);
        put(COPY_DATA, Verdict.STREAM, ANY);
        put(ROW_DESCRIPTION, Verdict.HEADER, ANY);
        // It tells the types of a statement's parameters, by which a binary shard key is read.
        put(PARAMETER_DESCRIPTION, Verdict.BODY, ANY);
        put(NOTICE_RESPONSE, Verdict.HEADER, ANY);
        // Its channel tells for whom it is.
        put(NOTIFICATION_RESPONSE, Verdict.BODY, ANY);
        put(FUNCTION_CALL_RESPONSE, Verdict.HEADER, ANY);
        put(COPY_IN_RESPONSE, Verdict.HEADER, ANY);
        put(COPY_OUT_RESPONSE, Verdict.HEADER, ANY);
        put(COPY_BOTH_RESPONSE, Verdict.HEADER, ANY);
        put(PARSE_COMPLETE, Verdict.HEADER, EMPTY);
        put(BIND_COMPLETE, Verdict.HEADER, EMPTY);
        put(CLOSE_COMPLETE, Verdict.HEADER, EMPTY);
        put(NO_DATA, Verdict.HEADER, EMPTY);
        put(PORTAL_SUSPENDED, Verdict.HEADER, EMPTY);
        put(EMPTY_QUERY_RESPONSE, Verdict.HEADER, EMPTY);
        put(COPY_DONE, Verdict.HEADER, EMPTY);
        // The tag tells that statements or settings are gone (DISCARD ALL, DEALLOCATE ALL).
        put(COMMAND_COMPLETE, Verdict.BODY, SHORT);
        put(READY_FOR_QUERY, Verdict.BODY, STATUS);
        put(ERROR_RESPONSE, Verdict.BODY, ANY);
        put(PARAMETER_STATUS, Verdict.BODY, ANY);
        put(AUTHENTICATION, Verdict.LOGIN_ONLY, ANY);
        put(BACKEND_KEY_DATA, Verdict.LOGIN_ONLY, SHORT);
        put(NEGOTIATE_PROTOCOL_VERSION, Verdict.LOGIN_ONLY, ANY);
    }

    private BackendTag() {}

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
