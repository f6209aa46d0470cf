// SPDX-License-Identifier: Apache-2.0
package io.trunkline.wire;

import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a client sends before it is logged in; these packets have no tag: {@code int32 length · int32 code · body}.
 *
 * @see <a href="https://www.postgresql.org/docs/18/protocol-flow.html#PROTOCOL-FLOW-START-UP">Start-up</a>
 */
public sealed interface StartupPacket {
    /** The most bytes PostgreSQL accepts after the length (MAX_STARTUP_PACKET_LENGTH in pqcomm.h). */
    int BODY_BYTES_MAX = 10_000;
    /** Code of a CancelRequest. */
    int CANCEL_REQUEST_CODE = 1234 << 16 | 5678;
    /** Code of an SSLRequest. */
    int SSL_REQUEST_CODE = 1234 << 16 | 5679;
    /** Code of a GSSENCRequest. */
    int GSSENC_REQUEST_CODE = 1234 << 16 | 5680;
    /** Code of a ForwardedMark: the router's own, from the range in which PostgreSQL has no versions. */
    int FORWARDED_MARK_CODE = 1234 << 16 | 21580;
    /** The beginning of the names of protocol options. */
    String PROTOCOL_OPTION_PREFIX = "_pq_.";

    /**
     * A StartupMessage.
     *
     * @param major the major version, always 3
     * @param minor the minor version asked for, maybe one nobody knows
     * @param parameters names and values in the order they were sent, duplicates included
     */
    record Startup(int major, int minor, List<Map.Entry<String, String>> parameters) implements StartupPacket {
        /** Keeps an immutable copy. */
        public Startup {
            parameters = List.copyOf(parameters);
        }

        /** Returns the version asked for. */
        public ProtocolVersion version() {
            return new ProtocolVersion(major, minor);
        }

        /** Returns the value of a parameter, the last one when it was sent more than once, or null. */
        public @Nullable String parameter(String name) {
            for (int i = parameters.size() - 1; i >= 0; i--) {
                if (parameters.get(i).getKey().equals(name)) {
                    return parameters.get(i).getValue();
                }
            }
            return null;
        }

        /** Returns the user's name; empty when there is none, which PostgreSQL refuses with {@code 28000}. */
        public String user() {
            String user = parameter("user");
            return user == null ? "" : user;
        }

        /** Returns the database's name, which is the user's when there is none. */
        public String database() {
            String database = parameter("database");
            return database == null || database.isEmpty() ? user() : database;
        }

        /** Returns the names of the protocol options, in order. They are no settings and never reach a backend. */
        public List<String> protocolOptions() {
            return parameters.stream()
                    .map(Map.Entry::getKey)
                    .filter(name -> name.startsWith(PROTOCOL_OPTION_PREFIX))
                    .toList();
        }
    }

    /** An SSLRequest: the client wants TLS and waits for one byte, S or N. */
    record SslRequest() implements StartupPacket {}

    /** A GSSENCRequest: the client wants GSSAPI encryption and waits for one byte, G or N. */
    record GssEncRequest() implements StartupPacket {}

    /**
     * A CancelRequest; nothing is answered.
     *
     * @param key what the client knows of the session to cancel; its secret has 1 to 256 bytes
     */
    record CancelRequest(BackendKey key) implements StartupPacket {}

    /**
     * A mark of the router's own, in front of a CancelRequest that another router has passed on; nothing is answered. PostgreSQL does not know
     * it and ends the connection.
     */
    record ForwardedMark() implements StartupPacket {}

    /**
     * Reads the packet at the reader index and consumes it, or returns null and consumes nothing while it is not complete. Needs no more
     * than {@value #BODY_BYTES_MAX} bytes and the length to be buffered, whatever the length claims.
     *
     * @throws ProtocolViolation as PostgreSQL would end the connection
     */
    static @Nullable StartupPacket decode(ByteBuf in) {
        if (in.readableBytes() < 4) {
            return null;
        }
        int start = in.readerIndex();
        int bodyBytes = in.getInt(start) - 4;
        if (bodyBytes < 4 || bodyBytes > BODY_BYTES_MAX) {
            // Whoever sends this may speak HTTP; PostgreSQL closes without a word.
            throw ProtocolViolation.silent("invalid length of startup packet");
        }
        if (in.readableBytes() < 4 + bodyBytes) {
            return null;
        }
        int end = start + 4 + bodyBytes;
        int code = in.getInt(start + 4);
        StartupPacket packet = switch (code) {
            case SSL_REQUEST_CODE -> new SslRequest();
            case GSSENC_REQUEST_CODE -> new GssEncRequest();
            case CANCEL_REQUEST_CODE -> cancelRequest(in, start + 8, end);
            case FORWARDED_MARK_CODE -> new ForwardedMark();
            default -> startup(in, code, start + 8, end);
        };
        in.readerIndex(end);
        return packet;
    }

    /** Returns what PostgreSQL says to versions it does not speak, and to an encryption request that comes a second time. */
    static ProtocolViolation unsupportedProtocol(int code) {
        return ProtocolViolation.fatal(
                SqlState.FEATURE_NOT_SUPPORTED,
                "unsupported frontend protocol " + ProtocolVersion.ofCode(code) + ": server supports 3.0 to "
                        + ProtocolVersion.V3_2,
                null);
    }

    private static CancelRequest cancelRequest(ByteBuf in, int position, int end) {
        int secretBytes = end - position - 4;
        if (secretBytes < 0) {
            throw ProtocolViolation.silent("invalid length of cancel request packet");
        }
        if (secretBytes == 0 || secretBytes > BackendKey.SECRET_BYTES_MAX) {
            throw ProtocolViolation.silent("invalid length of cancel key in cancel request packet");
        }
        return new CancelRequest(BackendKey.read(in, position, position + 4, secretBytes));
    }

    private static Startup startup(ByteBuf in, int code, int bodyStart, int end) {
        ProtocolVersion version = ProtocolVersion.ofCode(code);
        if (version.major() != 3) {
            throw unsupportedProtocol(code);
        }
        List<Map.Entry<String, String>> parameters = new ArrayList<>();
        int position = bodyStart;
        while (position < end && in.getByte(position) != 0) {
            int nameEnd = CString.end(in, position, end);
            int valueEnd = nameEnd < 0 ? -1 : CString.end(in, nameEnd + 1, end);
            if (valueEnd < 0) {
                break;
            }
            parameters.add(Map.entry(WireText.read(in, position, nameEnd), WireText.read(in, nameEnd + 1, valueEnd)));
            position = valueEnd + 1;
        }
        if (position != end - 1) {
            throw ProtocolViolation.fatal("invalid startup packet layout: expected terminator as last byte");
        }
        return new Startup(version.major(), version.minor(), parameters);
    }
}
