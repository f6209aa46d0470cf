// SPDX-License-Identifier: Apache-2.0
package io.trunkline.wire;

import io.netty.buffer.ByteBuf;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Writes the messages a client sends: what the router says to a backend. Each method appends one message to the buffer, which stays the
 * caller's.
 *
 * @see <a href="https://www.postgresql.org/docs/18/protocol-message-formats.html">Message formats</a>
 */
public final class FrontendWriter {
    private FrontendWriter() {}

    /** Appends a StartupMessage. */
    public static void startup(ByteBuf out, ProtocolVersion version, List<Map.Entry<String, String>> parameters) {
        int start = Frame.beginUntagged(out);
        out.writeInt(version.code());
        for (Map.Entry<String, String> parameter : parameters) {
            CString.write(out, parameter.getKey());
            CString.write(out, parameter.getValue());
        }
        out.writeByte(0);
        Frame.end(out, start);
    }

    /** Appends an SSLRequest. */
    public static void sslRequest(ByteBuf out) {
        out.writeInt(8).writeInt(StartupPacket.SSL_REQUEST_CODE);
    }

    /** Appends a GSSENCRequest. */
    public static void gssEncRequest(ByteBuf out) {
        out.writeInt(8).writeInt(StartupPacket.GSSENC_REQUEST_CODE);
    }

    /** Appends the mark of a CancelRequest that is passed on to another router; the request goes behind it. */
    public static void forwardedMark(ByteBuf out) {
        out.writeInt(8).writeInt(StartupPacket.FORWARDED_MARK_CODE);
    }

    /** Appends a CancelRequest. */
    public static void cancelRequest(ByteBuf out, BackendKey key) {
        int start = Frame.beginUntagged(out);
        out.writeInt(StartupPacket.CANCEL_REQUEST_CODE);
        out.writeInt(key.processId());
        out.writeBytes(key.secret());
        Frame.end(out, start);
    }

    /** Appends a PasswordMessage: a password, or its MD5 form. */
    public static void password(ByteBuf out, CharSequence password) {
        int start = Frame.begin(out, FrontendTag.PASSWORD);
        CString.write(out, password);
        Frame.end(out, start);
    }

    /** Appends a SASLInitialResponse. */
    public static void saslInitialResponse(ByteBuf out, String mechanism, byte[] response) {
        int start = Frame.begin(out, FrontendTag.PASSWORD);
        CString.write(out, mechanism);
        out.writeInt(response.length).writeBytes(response);
        Frame.end(out, start);
    }

    /** Appends a SASLResponse. */
    public static void saslResponse(ByteBuf out, byte[] response) {
        int start = Frame.begin(out, FrontendTag.PASSWORD);
        out.writeBytes(response);
        Frame.end(out, start);
    }

    /** Appends a Query. */
    public static void query(ByteBuf out, CharSequence sql) {
        int start = Frame.begin(out, FrontendTag.QUERY);
        CString.write(out, sql);
        Frame.end(out, start);
    }

    /** Appends a Query of text that is bytes already. */
    public static void query(ByteBuf out, byte[] sql) {
        int start = Frame.begin(out, FrontendTag.QUERY);
        CString.write(out, sql);
        Frame.end(out, start);
    }

    /** Appends a Parse of a name and text that are bytes already. */
    public static void parse(ByteBuf out, byte[] name, byte[] sql, int... parameterTypes) {
        int start = Frame.begin(out, FrontendTag.PARSE);
        CString.write(out, name);
        CString.write(out, sql);
        out.writeShort(parameterTypes.length);
        for (int type : parameterTypes) {
            out.writeInt(type);
        }
        Frame.end(out, start);
    }

    /** Appends a Describe of a statement whose name is bytes already. */
    public static void describeStatement(ByteBuf out, byte[] name) {
        int start = Frame.begin(out, FrontendTag.DESCRIBE);
        out.writeByte('S');
        CString.write(out, name);
        Frame.end(out, start);
    }

    /** Appends a Close of a statement whose name is bytes already. */
    public static void closeStatement(ByteBuf out, byte[] name) {
        int start = Frame.begin(out, FrontendTag.CLOSE);
        out.writeByte('S');
        CString.write(out, name);
        Frame.end(out, start);
    }

    /** Appends a Parse. */
    public static void parse(ByteBuf out, CharSequence name, CharSequence sql, int... parameterTypes) {
        int start = Frame.begin(out, FrontendTag.PARSE);
        CString.write(out, name);
        CString.write(out, sql);
        out.writeShort(parameterTypes.length);
        for (int type : parameterTypes) {
            out.writeInt(type);
        }
        Frame.end(out, start);
    }

    /**
     * Appends a Parse whose SQL is taken from a buffer.
     *
     * @param sql borrowed; its bytes from {@code sqlStart} up to {@code sqlEnd}, without terminator
     */
    public static void parse(ByteBuf out, byte[] name, ByteBuf sql, int sqlStart, int sqlEnd, int... parameterTypes) {
        int start = Frame.begin(out, FrontendTag.PARSE);
        CString.write(out, name);
        out.writeBytes(sql, sqlStart, sqlEnd - sqlStart).writeByte(0);
        out.writeShort(parameterTypes.length);
        for (int type : parameterTypes) {
            out.writeInt(type);
        }
        Frame.end(out, start);
    }

    /** Appends a Bind with parameters and results in text format; a null is NULL. */
    public static void bind(
            ByteBuf out, CharSequence portal, CharSequence statement, List<@Nullable String> parameters) {
        int start = Frame.begin(out, FrontendTag.BIND);
        CString.write(out, portal);
        CString.write(out, statement);
        out.writeShort(0);
        out.writeShort(parameters.size());
        for (String parameter : parameters) {
            BackendWriter.value(out, parameter);
        }
        out.writeShort(0);
        Frame.end(out, start);
    }

    /** Appends a Describe. */
    public static void describe(ByteBuf out, StatementOrPortal.Kind kind, CharSequence name) {
        statementOrPortal(out, FrontendTag.DESCRIBE, kind, name);
    }

    /** Appends a Close. */
    public static void close(ByteBuf out, StatementOrPortal.Kind kind, CharSequence name) {
        statementOrPortal(out, FrontendTag.CLOSE, kind, name);
    }

    private static void statementOrPortal(ByteBuf out, byte tag, StatementOrPortal.Kind kind, CharSequence name) {
        int start = Frame.begin(out, tag);
        out.writeByte(kind.code());
        CString.write(out, name);
        Frame.end(out, start);
    }

    /** Appends an Execute; 0 rows means all. */
    public static void execute(ByteBuf out, CharSequence portal, int rowsMax) {
        int start = Frame.begin(out, FrontendTag.EXECUTE);
        CString.write(out, portal);
        out.writeInt(rowsMax);
        Frame.end(out, start);
    }

    /** Appends a Sync. */
    public static void sync(ByteBuf out) {
        Frame.empty(out, FrontendTag.SYNC);
    }

    /** Appends a Flush. */
    public static void flush(ByteBuf out) {
        Frame.empty(out, FrontendTag.FLUSH);
    }

    /** Appends a Terminate. */
    public static void terminate(ByteBuf out) {
        Frame.empty(out, FrontendTag.TERMINATE);
    }

    /** Appends a CopyData. */
    public static void copyData(ByteBuf out, byte[] data) {
        int start = Frame.begin(out, FrontendTag.COPY_DATA);
        out.writeBytes(data);
        Frame.end(out, start);
    }

    /** Appends a CopyDone. */
    public static void copyDone(ByteBuf out) {
        Frame.empty(out, FrontendTag.COPY_DONE);
    }

    /** Appends a CopyFail. */
    public static void copyFail(ByteBuf out, CharSequence reason) {
        int start = Frame.begin(out, FrontendTag.COPY_FAIL);
        CString.write(out, reason);
        Frame.end(out, start);
    }
}
