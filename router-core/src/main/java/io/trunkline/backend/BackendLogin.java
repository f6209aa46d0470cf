// SPDX-License-Identifier: Apache-2.0
package io.trunkline.backend;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.trunkline.auth.ChannelBinding;
import io.trunkline.auth.LoginRefused;
import io.trunkline.auth.Md5Password;
import io.trunkline.auth.Password;
import io.trunkline.auth.ScramClient;
import io.trunkline.auth.ScramKeyCache;
import io.trunkline.auth.ScramKeys;
import io.trunkline.auth.ScramMechanism;
import io.trunkline.backend.AuthenticationPolicy.Cleartext;
import io.trunkline.backend.AuthenticationPolicy.Method;
import io.trunkline.error.RouterError;
import io.trunkline.error.RouterErrors;
import io.trunkline.wire.Authentication;
import io.trunkline.wire.BackendKey;
import io.trunkline.wire.BackendTag;
import io.trunkline.wire.ErrorResponse;
import io.trunkline.wire.FrontendWriter;
import io.trunkline.wire.NegotiateProtocolVersion;
import io.trunkline.wire.ParameterStatus;
import io.trunkline.wire.ProtocolVersion;
import io.trunkline.wire.ProtocolViolation;
import io.trunkline.wire.TransactionStatus;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * The login of the router to one node, from the startup packet to the first ReadyForQuery.
 *
 * <pre>
 *   AUTHENTICATING ──► (DERIVING, during SCRAM) ──► AUTHENTICATING ── AuthenticationOk ──► STARTING ── ReadyForQuery ──► ENDED
 * </pre>
 *
 * <p>The node is not trusted: lengths, the number of messages and what may stand where are checked, nothing secret is sent for a method below
 * the policy, and AuthenticationOk in the middle of SCRAM is refused (the node must prove that it knows the password, too).
 */
public final class BackendLogin {
    /** The longest message of a login; libpq allows 30,000 for errors and 2,000 for the rest. */
    static final int MESSAGE_BYTES_MAX = 65_536;

    /** The most messages of a login; PostgreSQL sends about 25. */
    static final int MESSAGES_MAX = 1000;

    private static final int HEADER_BYTES = 5;

    /**
     * As whom and how to log in.
     *
     * @param node the node's name, for errors
     * @param role the role
     * @param password its password; null when the router has none
     * @param database the database
     * @param parameters further startup parameters
     * @param version the protocol version to ask for
     */
    public record Request(
            String node,
            String role,
            @Nullable Password password,
            String database,
            Map<String, String> parameters,
            ProtocolVersion version) {}

    /**
     * What a node said of itself.
     *
     * @param parameters the reported parameters, in the order and spelling of the node
     * @param key for cancel requests; process id 0 when the node sent none
     * @param version the protocol version both sides speak
     */
    public record Result(Map<String, String> parameters, BackendKey key, ProtocolVersion version) {}

    /** What the login decides; exactly one of the last two is called, once, and ends it. */
    public interface Listener {
        /** Sends a message at once; consumed. */
        void onWrite(ByteBuf message);

        /** The backend is ready for queries. Bytes behind ReadyForQuery are still in the buffer. */
        void onLoggedIn(Result result);

        /** The login failed; the connection is to be closed. */
        void onFailed(RouterError error);
    }

    /**
     * What all logins share.
     *
     * @param policy the methods taken part in
     * @param keys derives SCRAM keys off the event loop
     * @param random for nonces
     */
    public record Environment(AuthenticationPolicy policy, ScramKeyCache keys, SecureRandom random) {}

    private record ScramExchange(ScramClient client, Password password) {}

    private enum State {
        AUTHENTICATING,
        DERIVING,
        STARTING,
        ENDED
    }

    private final Request request;
    private final Environment environment;
    private final LinkSecurity security;
    private final Executor loop;
    private final ByteBufAllocator allocator;
    private final Listener listener;

    private State state = State.AUTHENTICATING;
    private ProtocolVersion version;
    private Method used = Method.NONE;
    private @Nullable ScramExchange scram;
    private BackendKey key = new BackendKey(0, new byte[BackendKey.SECRET_BYTES_3_0]);
    private final Map<String, String> parameters = new LinkedHashMap<>();
    private final ParameterStatus parameterStatus = new ParameterStatus();
    private int messageCount;

    /**
     * Prepares a login.
     *
     * @param loop runs what continues after keys were derived: the event loop of the connection
     */
    public BackendLogin(
            Request request,
            Environment environment,
            LinkSecurity security,
            Executor loop,
            ByteBufAllocator allocator,
            Listener listener) {
        this.request = request;
        this.environment = environment;
        this.security = security;
        this.loop = loop;
        this.allocator = allocator;
        this.listener = listener;
        this.version = request.version();
    }

    /** Sends the startup packet. */
    public void begin() {
        List<Map.Entry<String, String>> startup = new ArrayList<>();
        startup.add(Map.entry("user", request.role));
        startup.add(Map.entry("database", request.database));
        request.parameters.forEach((name, value) -> startup.add(Map.entry(name, value)));
        ByteBuf packet = allocator.buffer();
        FrontendWriter.startup(packet, request.version, startup);
        listener.onWrite(packet);
    }

    /** Reads as many whole messages as the login needs. */
    public void onBytes(ByteBuf in) {
        try {
            while (expectsMessage() && in.readableBytes() >= HEADER_BYTES) {
                int index = in.readerIndex();
                byte tag = in.getByte(index);
                int length = in.getInt(index + 1);
                if (length < 4 || length > MESSAGE_BYTES_MAX) {
                    throw ProtocolViolation.fatal("message type " + (tag & 0xff) + " has invalid length " + length);
                }
                if (in.readableBytes() < length + 1) {
                    return;
                }
                if (++messageCount > MESSAGES_MAX) {
                    throw ProtocolViolation.fatal("more than " + MESSAGES_MAX + " messages during login");
                }
                in.skipBytes(length + 1);
                onMessage(tag, in, index, length + 1);
            }
            if (state == State.DERIVING && in.readableBytes() > MESSAGE_BYTES_MAX) {
                throw ProtocolViolation.fatal(
                        "more than " + MESSAGE_BYTES_MAX + " bytes ahead of their turn during login");
            }
        } catch (ProtocolViolation violation) {
            fail(RouterErrors.backendProtocolViolation(request.node, violation));
        } catch (LoginRefused refusal) {
            fail(refusal.error());
        }
    }

    /** The node closed the connection. */
    public void onClosed() {
        fail(RouterErrors.backendClosedDuringLogin(request.node));
    }

    private boolean expectsMessage() {
        return state == State.AUTHENTICATING || state == State.STARTING;
    }

    private void onMessage(byte tag, ByteBuf buffer, int index, int available) throws LoginRefused {
        switch (tag) {
            case BackendTag.ERROR_RESPONSE -> onError(buffer, index, available);
            case BackendTag.NOTICE_RESPONSE -> {}
            case BackendTag.AUTHENTICATION -> onAuthentication(buffer, index, available);
            case BackendTag.NEGOTIATE_PROTOCOL_VERSION ->
                onNegotiate(NegotiateProtocolVersion.read(buffer, index, available));
            case BackendTag.PARAMETER_STATUS -> {
                require(State.STARTING, tag);
                parameterStatus.wrap(buffer, index, available);
                parameters.put(parameterStatus.name(), parameterStatus.value());
                if (parameters.size() > ReportedParameters.COUNT_MAX) {
                    throw ProtocolViolation.fatal("more than " + ReportedParameters.COUNT_MAX + " reported parameters");
                }
            }
            case BackendTag.BACKEND_KEY_DATA -> {
                require(State.STARTING, tag);
                key = BackendKey.read(buffer, index, available);
            }
            case BackendTag.READY_FOR_QUERY -> {
                require(State.STARTING, tag);
                onReady(TransactionStatus.read(buffer, index, available));
            }
            default -> throw unexpected(tag);
        }
    }

    private void require(State expected, byte tag) {
        if (state != expected) {
            throw unexpected(tag);
        }
    }

    private static ProtocolViolation unexpected(byte tag) {
        return ProtocolViolation.fatal("unexpected message type " + (tag & 0xff) + " during login");
    }

    private void onError(ByteBuf buffer, int index, int available) {
        fail(RouterErrors.backendRefused(ErrorResponse.parse(buffer, index, available)));
    }

    /** Accepts only what makes sense as an answer to what was asked, as libpq does. */
    private void onNegotiate(NegotiateProtocolVersion answer) {
        require(State.AUTHENTICATING, BackendTag.NEGOTIATE_PROTOCOL_VERSION);
        ProtocolVersion newest = answer.newest();
        boolean isKnown = newest.equals(ProtocolVersion.V3_0) || newest.equals(ProtocolVersion.V3_2);
        if (messageCount > 1 || !isKnown || newest.compareTo(request.version) >= 0) {
            throw ProtocolViolation.fatal(
                    "protocol version " + newest + " in answer to a request for " + request.version);
        }
        if (!answer.unsupportedOptions().isEmpty()) {
            throw ProtocolViolation.fatal("protocol options refused that were not asked for");
        }
        version = newest;
    }

    private void onAuthentication(ByteBuf buffer, int index, int available) throws LoginRefused {
        require(State.AUTHENTICATING, BackendTag.AUTHENTICATION);
        Authentication kind = Authentication.read(buffer, index, available);
        byte[] payload = Authentication.payload(buffer, index, available);
        switch (kind) {
            case OK -> onAuthenticated();
            case CLEARTEXT_PASSWORD -> onCleartext();
            case MD5_PASSWORD -> onMd5(payload);
            case SASL -> onSasl(Authentication.mechanisms(buffer, index, available));
            case SASL_CONTINUE -> onSaslContinue(payload);
            case SASL_FINAL -> started().client.onServerFinal(payload);
            case KERBEROS_V5, GSS, GSS_CONTINUE, SSPI ->
                throw refused("the node asks for " + kind + ", which is not supported");
        }
    }

    private void onAuthenticated() throws LoginRefused {
        if (scram != null && !scram.client.isServerVerified()) {
            throw refused("the node did not prove that it knows the password of role \"" + request.role + "\"");
        }
        if (!environment.policy.accepts(used)) {
            throw refused("the node asks for " + used + " (expected: at least " + environment.policy.minimum() + ")");
        }
        state = State.STARTING;
    }

    private void onCleartext() throws LoginRefused {
        Password password = passwordFor(Method.PASSWORD);
        Cleartext rule = environment.policy.cleartext();
        if (rule == Cleartext.NEVER || rule == Cleartext.INSIDE_TLS && !security.isEncrypted()) {
            throw refused("the node asks for a cleartext password (allowed: " + rule + ")");
        }
        ByteBuf message = allocator.buffer();
        FrontendWriter.password(message, password.cleartext());
        listener.onWrite(message);
    }

    private void onMd5(byte[] salt) throws LoginRefused {
        Password password = passwordFor(Method.MD5);
        if (salt.length != Md5Password.SALT_BYTES) {
            throw ProtocolViolation.fatal("MD5 salt of " + salt.length + " bytes");
        }
        ByteBuf message = allocator.buffer();
        FrontendWriter.password(message, Md5Password.answer(request.role, password, salt));
        listener.onWrite(message);
    }

    private void onSasl(List<String> mechanisms) throws LoginRefused {
        ChannelBinding binding = security.binding();
        ScramClient client = ScramClient.start(mechanisms, binding, environment.random);
        Method method = client.mechanism() == ScramMechanism.SCRAM_SHA_256_PLUS
                ? Method.SCRAM_SHA_256_PLUS
                : Method.SCRAM_SHA_256;
        scram = new ScramExchange(client, passwordFor(method));
        ByteBuf message = allocator.buffer();
        FrontendWriter.saslInitialResponse(message, client.mechanism().wireName(), client.clientFirst());
        listener.onWrite(message);
    }

    private void onSaslContinue(byte[] serverFirst) throws LoginRefused {
        ScramExchange exchange = started();
        ScramClient.Challenge challenge = exchange.client.onServerFirst(serverFirst);
        state = State.DERIVING;
        environment
                .keys
                .keys(exchange.password, challenge)
                .whenCompleteAsync((keys, failure) -> onKeys(exchange.client, keys), loop);
    }

    private void onKeys(ScramClient client, @Nullable ScramKeys keys) {
        if (state != State.DERIVING) {
            return; // the connection ended meanwhile
        }
        if (keys == null) {
            fail(RouterErrors.backendAuthentication("too many logins wait for their keys to be derived"));
            return;
        }
        state = State.AUTHENTICATING;
        ByteBuf message = allocator.buffer();
        FrontendWriter.saslResponse(message, client.clientFinal(keys));
        listener.onWrite(message);
    }

    private ScramExchange started() throws LoginRefused {
        if (scram == null) {
            throw refused("the node continues a SASL exchange that was not begun");
        }
        return scram;
    }

    /** Notes the method the node asked for; returns the password when the policy lets us take part. Each login has one method. */
    private Password passwordFor(Method method) throws LoginRefused {
        if (used != Method.NONE) {
            throw refused("the node asks for a second authentication");
        }
        used = method;
        if (!environment.policy.accepts(method)) {
            throw refused("the node asks for " + method + " (expected: at least " + environment.policy.minimum() + ")");
        }
        if (request.password == null) {
            throw refused("the node asks for the password of role \"" + request.role + "\", and none is configured");
        }
        return request.password;
    }

    private void onReady(TransactionStatus status) {
        if (status != TransactionStatus.IDLE) {
            throw ProtocolViolation.fatal("ready in a transaction after login");
        }
        state = State.ENDED;
        listener.onLoggedIn(new Result(Collections.unmodifiableMap(parameters), key, version));
    }

    private static LoginRefused refused(String problem) {
        return new LoginRefused(RouterErrors.backendAuthentication(problem));
    }

    private void fail(RouterError error) {
        if (state != State.ENDED) {
            state = State.ENDED;
            listener.onFailed(error);
        }
    }
}
