// SPDX-License-Identifier: Apache-2.0
package io.trunkline.frontend;

import io.netty.buffer.ByteBuf;
import io.trunkline.auth.LoginRefused;
import io.trunkline.error.RouterError;
import io.trunkline.error.RouterErrors;
import io.trunkline.wire.BackendKey;
import io.trunkline.wire.NegotiateProtocolVersion;
import io.trunkline.wire.ProtocolVersion;
import io.trunkline.wire.ProtocolViolation;
import io.trunkline.wire.StartupPacket;
import org.jspecify.annotations.Nullable;

/**
 * The conversation of one accepted connection up to its startup packet or cancel request.
 *
 * <pre>
 *             ┌── GSSENCRequest: N ──┐
 *             ▼                      │            SSLRequest: S
 *   first byte ── 0x16 ──► (TLS) ── OPENING ─────────────────────► UPGRADING ── (TLS) ──┐
 *                                    │  │ └─ SSLRequest: N ─► OPENING                   │
 *                                    │  │                                              │
 *                     CancelRequest  │  │  StartupMessage  ◄───────── OPENING ─────────┘
 *                                    ▼  ▼
 *                                    ENDED
 * </pre>
 *
 * <p>Another router sends a ForwardedMark in front of the CancelRequest, in the clear or inside TLS.
 *
 * <p>Each encryption request is answered at most once; a repeat is what PostgreSQL takes it for, an unsupported protocol 1234.x. Bytes behind
 * an encryption request were not encrypted and end the connection (CVE-2021-23214).
 *
 * @see <a href="https://www.postgresql.org/docs/18/protocol-flow.html#PROTOCOL-FLOW-SSL">SSL session encryption</a>
 */
public final class StartupNegotiation {
    /** The first byte of a TLS record with a handshake message; no length of a startup packet begins with it. */
    public static final byte TLS_HANDSHAKE = 0x16;

    /** The name registered for PostgreSQL in the TLS extension ALPN. */
    public static final String APPLICATION_PROTOCOL = "postgresql";

    /** What the negotiation decides; exactly one of the last four is called, once, and ends it. */
    public interface Listener {
        /** Sends one raw byte, {@code S} or {@code N}, at once. */
        void onAnswer(byte answer);

        /** {@code S} was answered: whatever comes next is TLS. */
        void onUpgrade();

        /** The client asked for more than we speak: tell it, before any authentication message. */
        void onNegotiateVersion(NegotiateProtocolVersion answer);

        /** The client sent its startup packet; bytes behind it are still in the buffer. */
        void onStartup(ClientStartup startup);

        /** Whoever it is wants a statement of another connection canceled; nothing is answered but the end of the connection. */
        void onCancel(CancelOrigin origin, BackendKey key);

        /** The client is refused: an ErrorResponse, then the end. */
        void onRefused(RouterError error);

        /** The peer does not speak the protocol, or spoke it to get around TLS: the end without a word. */
        void onNoise(String reason);
    }

    /** Whom a cancel request comes from. */
    public enum CancelOrigin {
        CLIENT,
        /** Another router, which has it from a client. */
        ROUTER
    }

    private enum State {
        OPENING,
        UPGRADING,
        ENDED
    }

    private enum Encryption {
        /** May still be asked for. */
        OPEN,
        /** Asked for and declined. */
        DECLINED,
        /** In force by SSLRequest. */
        NEGOTIATED,
        /** In force from the first byte. */
        DIRECT
    }

    private final EncryptionPolicy policy;
    private final Listener listener;

    private State state = State.OPENING;
    private Encryption tls = Encryption.OPEN;
    private Encryption gss = Encryption.OPEN;
    private CancelOrigin cancelOrigin = CancelOrigin.CLIENT;

    /** Waits for the first byte. */
    public StartupNegotiation(EncryptionPolicy policy, Listener listener) {
        this.policy = policy;
        this.listener = listener;
    }

    /** Reads as many packets as are complete; whatever follows the startup packet stays in the buffer. */
    public void onBytes(ByteBuf in) {
        while (state == State.OPENING && in.isReadable()) {
            try {
                StartupPacket packet = StartupPacket.decode(in);
                if (packet == null) {
                    return;
                }
                onPacket(packet, in);
            } catch (ProtocolViolation violation) {
                onViolation(violation);
            } catch (LoginRefused refusal) {
                refuse(refusal.error());
            }
        }
    }

    /** The TLS handshake succeeded with this application protocol, null when the client named none. */
    public void onTlsEstablished(@Nullable String applicationProtocol) {
        if (state == State.UPGRADING) {
            // Clients older than PostgreSQL 17 name none here.
            tls = Encryption.NEGOTIATED;
            gss = Encryption.DECLINED;
            state = State.OPENING;
        } else if (!APPLICATION_PROTOCOL.equals(applicationProtocol)) {
            // Without ALPN the bytes may be meant for a web server (ALPACA attack).
            noise("received direct SSL connection request without ALPN protocol negotiation extension");
        } else {
            tls = Encryption.DIRECT;
        }
    }

    /** The connection ended, its TLS handshake failed, or its time is up. Nothing more is called. */
    public void onEnd() {
        state = State.ENDED;
    }

    /** Returns true when nothing more is read. */
    public boolean isEnded() {
        return state == State.ENDED;
    }

    private void onPacket(StartupPacket packet, ByteBuf in) throws LoginRefused {
        if (cancelOrigin == CancelOrigin.ROUTER && !(packet instanceof StartupPacket.CancelRequest)) {
            noise("another packet than a cancel request behind the mark of a forwarded one");
        } else if (packet instanceof StartupPacket.ForwardedMark) {
            cancelOrigin = CancelOrigin.ROUTER;
        } else if (packet instanceof StartupPacket.SslRequest) {
            onSslRequest(in);
        } else if (packet instanceof StartupPacket.GssEncRequest) {
            onGssEncRequest(in);
        } else if (packet instanceof StartupPacket.CancelRequest cancel) {
            state = State.ENDED;
            listener.onCancel(cancelOrigin, cancel.key());
        } else if (packet instanceof StartupPacket.Startup startup) {
            onStartup(startup);
        }
    }

    private void onSslRequest(ByteBuf in) throws LoginRefused {
        if (tls == Encryption.DECLINED || tls == Encryption.NEGOTIATED) {
            throw StartupPacket.unsupportedProtocol(StartupPacket.SSL_REQUEST_CODE);
        }
        if (in.isReadable()) {
            throw new LoginRefused(RouterErrors.unencryptedData("SSL request"));
        }
        if (policy == EncryptionPolicy.OFF || tls == Encryption.DIRECT) {
            // Inside direct TLS the first request is declined and the connection stays encrypted, as in PostgreSQL.
            tls = tls == Encryption.DIRECT ? Encryption.NEGOTIATED : Encryption.DECLINED;
            listener.onAnswer((byte) 'N');
        } else {
            state = State.UPGRADING;
            listener.onAnswer((byte) 'S');
            listener.onUpgrade();
        }
    }

    private void onGssEncRequest(ByteBuf in) throws LoginRefused {
        if (gss != Encryption.OPEN) {
            throw StartupPacket.unsupportedProtocol(StartupPacket.GSSENC_REQUEST_CODE);
        }
        if (in.isReadable()) {
            throw new LoginRefused(RouterErrors.unencryptedData("GSSAPI encryption request"));
        }
        gss = Encryption.DECLINED;
        listener.onAnswer((byte) 'N');
    }

    private void onStartup(StartupPacket.Startup packet) throws LoginRefused {
        // 3.1 was never published; a client that asks for it gets what it surely understands.
        ProtocolVersion asked = packet.version();
        ProtocolVersion spoken =
                asked.compareTo(ProtocolVersion.V3_2) >= 0 ? ProtocolVersion.V3_2 : ProtocolVersion.V3_0;
        if (!spoken.equals(asked) || !packet.protocolOptions().isEmpty()) {
            listener.onNegotiateVersion(new NegotiateProtocolVersion(spoken, packet.protocolOptions()));
        }
        ClientStartup startup = StartupParameters.read(packet, spoken);
        if (policy == EncryptionPolicy.REQUIRED && tls != Encryption.NEGOTIATED && tls != Encryption.DIRECT) {
            throw new LoginRefused(RouterErrors.encryptionRequired(startup.user(), startup.database()));
        }
        state = State.ENDED;
        listener.onStartup(startup);
    }

    private void onViolation(ProtocolViolation violation) {
        if (violation.consequence() == ProtocolViolation.Consequence.SILENT_CLOSE) {
            noise(String.valueOf(violation.getMessage()));
        } else {
            refuse(RouterErrors.protocolViolation(violation));
        }
    }

    private void refuse(RouterError error) {
        state = State.ENDED;
        listener.onRefused(error);
    }

    private void noise(String reason) {
        state = State.ENDED;
        listener.onNoise(reason);
    }
}
