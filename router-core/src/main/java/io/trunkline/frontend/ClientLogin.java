// SPDX-License-Identifier: Apache-2.0
package io.trunkline.frontend;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.trunkline.auth.ChannelBinding;
import io.trunkline.auth.LoginMethod;
import io.trunkline.auth.LoginRefused;
import io.trunkline.auth.MockVerifiers;
import io.trunkline.auth.ScramMechanism;
import io.trunkline.auth.ScramServer;
import io.trunkline.auth.ScramVerifier;
import io.trunkline.auth.UserDirectory;
import io.trunkline.auth.UserEntry;
import io.trunkline.error.RouterError;
import io.trunkline.error.RouterErrors;
import io.trunkline.wire.BackendWriter;
import io.trunkline.wire.FrontendTag;
import java.security.SecureRandom;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The authentication of one client, from its startup packet to AuthenticationOk.
 *
 * <p>A user that does not exist, one without access to the database, and one with a wrong password get the same messages up to the verdict;
 * whether a database exists is told only to who has proved a name.
 */
public final class ClientLogin {
    /** PG_MAX_SASL_MESSAGE_LENGTH of auth-sasl.h. */
    private static final int SASL_MESSAGE_BYTES_MAX = 1024;

    private static final int HEADER_BYTES = 5;

    /** What the login decides; exactly one of the last three is called, once, and ends it. */
    public interface Listener {
        /** Sends an authentication message; consumed. */
        void onWrite(ByteBuf message);

        /** The client is who it says; AuthenticationOk is written. Bytes it sent ahead are still in the buffer. */
        void onAccepted(ClientIdentity identity);

        /** The client is refused: an ErrorResponse, then the end. */
        void onRefused(RouterError error);

        /** The client gave up, as psql does to ask for a password: the end without a word, and no failure. */
        void onWithdrawn();
    }

    private enum State {
        NEW,
        AWAITING_FIRST,
        AWAITING_FINAL,
        ENDED
    }

    private final ClientStartup startup;
    private final @Nullable UserEntry user;
    private final ScramServer scram;
    private final ByteBufAllocator allocator;
    private final Listener listener;

    private State state = State.NEW;

    private ClientLogin(
            ClientStartup startup,
            @Nullable UserEntry user,
            ScramServer scram,
            ByteBufAllocator allocator,
            Listener listener) {
        this.startup = startup;
        this.user = user;
        this.scram = scram;
        this.allocator = allocator;
        this.listener = listener;
    }

    /**
     * What logins are checked against, the same for all clients of a listener.
     *
     * @param users who may log in
     * @param unknown the verifiers of those who may not
     * @param random for nonces
     */
    public record Authority(UserDirectory users, MockVerifiers unknown, SecureRandom random) {}

    /** Prepares the login of a client; {@code binding} is null outside TLS. */
    public static ClientLogin of(
            ClientStartup startup,
            Authority authority,
            @Nullable ChannelBinding binding,
            ByteBufAllocator allocator,
            Listener listener) {
        UserEntry user = authority.users.find(startup.user());
        ScramVerifier verifier = user == null ? null : user.verifier();
        if (verifier == null) {
            verifier = authority.unknown.of(startup.user());
        }
        ScramServer scram = ScramServer.start(startup.user(), verifier, binding, authority.random);
        return new ClientLogin(startup, user, scram, allocator, listener);
    }

    /** Asks the client to authenticate, or accepts it at once when it is trusted. */
    public void begin() {
        assert state == State.NEW : state;
        if (user != null && user.method() == LoginMethod.TRUST) {
            admit(user);
            return;
        }
        state = State.AWAITING_FIRST;
        ByteBuf request = allocator.buffer();
        List<String> mechanisms =
                scram.mechanisms().stream().map(ScramMechanism::wireName).toList();
        BackendWriter.authenticationSasl(request, mechanisms);
        listener.onWrite(request);
    }

    /** Reads as many whole messages as the login needs. */
    public void onBytes(ByteBuf in) {
        while ((state == State.AWAITING_FIRST || state == State.AWAITING_FINAL) && in.isReadable()) {
            byte tag = in.getByte(in.readerIndex());
            if (tag == FrontendTag.TERMINATE) {
                state = State.ENDED;
                listener.onWithdrawn();
                return;
            }
            if (tag != FrontendTag.PASSWORD) {
                refuse(RouterErrors.expectedSaslResponse(tag));
                return;
            }
            if (in.readableBytes() < HEADER_BYTES) {
                return;
            }
            int length = in.getInt(in.readerIndex() + 1);
            if (length < 4 || length > SASL_MESSAGE_BYTES_MAX) {
                refuse(RouterErrors.invalidMessageLength());
                return;
            }
            if (in.readableBytes() < length + 1) {
                return;
            }
            in.skipBytes(HEADER_BYTES);
            onResponse(in.readSlice(length - 4));
        }
    }

    private void onResponse(ByteBuf body) {
        try {
            if (state == State.AWAITING_FIRST) {
                onInitialResponse(body);
            } else {
                onFinalResponse(body);
            }
        } catch (LoginRefused refusal) {
            refuse(refusal.error());
        }
    }

    private void onInitialResponse(ByteBuf body) throws LoginRefused {
        SaslInitialResponse initial = SaslInitialResponse.read(body);
        ScramMechanism selected = ScramMechanism.named(initial.mechanism());
        if (selected == null) {
            throw new LoginRefused(RouterErrors.invalidSaslMechanism());
        }
        byte[] serverFirst = scram.onClientFirst(selected, initial.data());
        state = State.AWAITING_FINAL;
        ByteBuf message = allocator.buffer();
        BackendWriter.authenticationSaslContinue(message, serverFirst);
        listener.onWrite(message);
    }

    private void onFinalResponse(ByteBuf body) throws LoginRefused {
        byte[] data = new byte[body.readableBytes()];
        body.readBytes(data);
        byte[] serverFinal = scram.onClientFinal(data);
        UserEntry proven = user;
        if (proven == null) {
            // Nobody can prove a mock verifier; this line guards against a mistake there.
            throw new LoginRefused(RouterErrors.passwordAuthenticationFailed(startup.user()));
        }
        ByteBuf message = allocator.buffer();
        BackendWriter.authenticationSaslFinal(message, serverFinal);
        listener.onWrite(message);
        admit(proven);
    }

    private void admit(UserEntry proven) {
        if (!proven.mayEnter(startup.database())) {
            refuse(RouterErrors.databaseForbidden(startup.database()));
            return;
        }
        state = State.ENDED;
        ByteBuf message = allocator.buffer();
        BackendWriter.authenticationOk(message);
        listener.onWrite(message);
        listener.onAccepted(new ClientIdentity(proven, startup));
    }

    private void refuse(RouterError error) {
        state = State.ENDED;
        listener.onRefused(error);
    }
}
