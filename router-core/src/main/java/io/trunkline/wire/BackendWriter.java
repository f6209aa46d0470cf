// SPDX-License-Identifier: Apache-2.0
package io.trunkline.wire;

import io.netty.buffer.ByteBuf;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Writes the messages a server sends: what the router says to a client. Each method appends one message to the buffer, which stays the
 * caller's.
 *
 * @see <a href="https://www.postgresql.org/docs/18/protocol-message-formats.html">Message formats</a>
 */
public final class BackendWriter {
    private static final int TEXT_TYPE = 25;
    private static final int VARIABLE_SIZE = -1;
    private static final int NO_MODIFIER = -1;
    private static final int TEXT_FORMAT = 0;

    private BackendWriter() {}

    /** Appends an AuthenticationOk. */
    public static void authenticationOk(ByteBuf out) {
        authentication(out, Authentication.OK, new byte[0]);
    }

    /** Appends an AuthenticationCleartextPassword. */
    public static void authenticationCleartextPassword(ByteBuf out) {
        authentication(out, Authentication.CLEARTEXT_PASSWORD, new byte[0]);
    }

    /** Appends an AuthenticationMD5Password with its salt of 4 bytes. */
    public static void authenticationMd5Password(ByteBuf out, byte[] salt) {
        if (salt.length != 4) {
            throw new IllegalArgumentException("salt of " + salt.length + " bytes (expected: 4)");
        }
        authentication(out, Authentication.MD5_PASSWORD, salt);
    }

    /** Appends an AuthenticationSASL with the mechanisms offered, best first. */
    public static void authenticationSasl(ByteBuf out, List<String> mechanisms) {
        int start = Frame.begin(out, BackendTag.AUTHENTICATION);
        out.writeInt(Authentication.SASL.code());
        for (String mechanism : mechanisms) {
            CString.write(out, mechanism);
        }
        out.writeByte(0);
        Frame.end(out, start);
    }

    /** Appends an AuthenticationSASLContinue. */
    public static void authenticationSaslContinue(ByteBuf out, byte[] challenge) {
        authentication(out, Authentication.SASL_CONTINUE, challenge);
    }

    /** Appends an AuthenticationSASLFinal. */
    public static void authenticationSaslFinal(ByteBuf out, byte[] outcome) {
        authentication(out, Authentication.SASL_FINAL, outcome);
    }

    private static void authentication(ByteBuf out, Authentication kind, byte[] payload) {
        int start = Frame.begin(out, BackendTag.AUTHENTICATION);
        out.writeInt(kind.code()).writeBytes(payload);
        Frame.end(out, start);
    }

    /** Appends a NegotiateProtocolVersion. */
    public static void negotiateProtocolVersion(ByteBuf out, NegotiateProtocolVersion message) {
        int start = Frame.begin(out, BackendTag.NEGOTIATE_PROTOCOL_VERSION);
        out.writeInt(message.newest().code());
        out.writeInt(message.unsupportedOptions().size());
        for (String option : message.unsupportedOptions()) {
            CString.write(out, option);
        }
        Frame.end(out, start);
    }

    /** Appends a ParameterStatus. */
    public static void parameterStatus(ByteBuf out, CharSequence name, CharSequence value) {
        int start = Frame.begin(out, BackendTag.PARAMETER_STATUS);
        CString.write(out, name);
        CString.write(out, value);
        Frame.end(out, start);
    }

    /** Appends a BackendKeyData. */
    public static void backendKeyData(ByteBuf out, BackendKey key) {
        int start = Frame.begin(out, BackendTag.BACKEND_KEY_DATA);
        out.writeInt(key.processId()).writeBytes(key.secret());
        Frame.end(out, start);
    }

    /** Appends a ReadyForQuery. */
    public static void readyForQuery(ByteBuf out, TransactionStatus status) {
        out.writeByte(BackendTag.READY_FOR_QUERY).writeInt(5).writeByte(status.code());
    }

    /** Appends a RowDescription of columns of type text in text format. */
    public static void rowDescription(ByteBuf out, List<String> names) {
        rowDescription(out, names, TEXT_FORMAT);
    }

    /** As the other, with the format that Bind asked for: a text is the same bytes in both. */
    public static void rowDescription(ByteBuf out, List<String> names, int format) {
        int start = Frame.begin(out, BackendTag.ROW_DESCRIPTION);
        out.writeShort(names.size());
        for (String name : names) {
            CString.write(out, name);
            out.writeInt(0).writeShort(0);
            out.writeInt(TEXT_TYPE).writeShort(VARIABLE_SIZE).writeInt(NO_MODIFIER);
            out.writeShort(format);
        }
        Frame.end(out, start);
    }

    /** Appends a DataRow of values in text format; a null is NULL. */
    public static void dataRow(ByteBuf out, List<@Nullable String> values) {
        int start = Frame.begin(out, BackendTag.DATA_ROW);
        out.writeShort(values.size());
        for (String value : values) {
            value(out, value);
        }
        Frame.end(out, start);
    }

    /** Appends {@code int32 length · bytes}, or -1 for null. */
    static void value(ByteBuf out, @Nullable String value) {
        int lengthIndex = out.writerIndex();
        out.writeInt(-1);
        if (value != null) {
            WireText.write(out, value);
            out.setInt(lengthIndex, out.writerIndex() - lengthIndex - 4);
        }
    }

    /** Appends a CommandComplete. */
    public static void commandComplete(ByteBuf out, CharSequence tag) {
        int start = Frame.begin(out, BackendTag.COMMAND_COMPLETE);
        CString.write(out, tag);
        Frame.end(out, start);
    }

    /** Appends a ParameterDescription. */
    public static void parameterDescription(ByteBuf out, int... types) {
        int start = Frame.begin(out, BackendTag.PARAMETER_DESCRIPTION);
        out.writeShort(types.length);
        for (int type : types) {
            out.writeInt(type);
        }
        Frame.end(out, start);
    }

    /** Appends a ParseComplete. */
    public static void parseComplete(ByteBuf out) {
        Frame.empty(out, BackendTag.PARSE_COMPLETE);
    }

    /** Appends a BindComplete. */
    public static void bindComplete(ByteBuf out) {
        Frame.empty(out, BackendTag.BIND_COMPLETE);
    }

    /** Appends a CloseComplete. */
    public static void closeComplete(ByteBuf out) {
        Frame.empty(out, BackendTag.CLOSE_COMPLETE);
    }

    /** Appends a NoData. */
    public static void noData(ByteBuf out) {
        Frame.empty(out, BackendTag.NO_DATA);
    }

    /** Appends an EmptyQueryResponse. */
    public static void emptyQueryResponse(ByteBuf out) {
        Frame.empty(out, BackendTag.EMPTY_QUERY_RESPONSE);
    }

    /** Appends a PortalSuspended. */
    public static void portalSuspended(ByteBuf out) {
        Frame.empty(out, BackendTag.PORTAL_SUSPENDED);
    }

    /** Appends a CopyInResponse for text format. */
    public static void copyInResponse(ByteBuf out, int columnCount) {
        copyResponse(out, BackendTag.COPY_IN_RESPONSE, columnCount);
    }

    /** Appends a CopyOutResponse for text format. */
    public static void copyOutResponse(ByteBuf out, int columnCount) {
        copyResponse(out, BackendTag.COPY_OUT_RESPONSE, columnCount);
    }

    private static void copyResponse(ByteBuf out, byte tag, int columnCount) {
        int start = Frame.begin(out, tag);
        out.writeByte(TEXT_FORMAT).writeShort(columnCount);
        for (int i = 0; i < columnCount; i++) {
            out.writeShort(TEXT_FORMAT);
        }
        Frame.end(out, start);
    }

    /** Appends a CopyData. */
    public static void copyData(ByteBuf out, byte[] data) {
        int start = Frame.begin(out, BackendTag.COPY_DATA);
        out.writeBytes(data);
        Frame.end(out, start);
    }

    /** Appends a CopyDone. */
    public static void copyDone(ByteBuf out) {
        Frame.empty(out, BackendTag.COPY_DONE);
    }

    /** Appends a NotificationResponse. */
    public static void notificationResponse(ByteBuf out, int processId, CharSequence channel, CharSequence payload) {
        int start = Frame.begin(out, BackendTag.NOTIFICATION_RESPONSE);
        out.writeInt(processId);
        CString.write(out, channel);
        CString.write(out, payload);
        Frame.end(out, start);
    }

    /** Appends an ErrorResponse. */
    public static void errorResponse(ByteBuf out, ErrorResponse response) {
        response.encode(out);
    }

    /** Appends a NoticeResponse. */
    public static void noticeResponse(ByteBuf out, ErrorResponse response) {
        response.encodeNotice(out);
    }
}
