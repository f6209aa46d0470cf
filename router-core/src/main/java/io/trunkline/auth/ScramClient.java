// SPDX-License-Identifier: Apache-2.0
package io.trunkline.auth;

import io.trunkline.error.RouterErrors;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collection;
import org.jspecify.annotations.Nullable;

/**
 * One SCRAM exchange in which we prove to a node that we know a password, and the node proves that it knows us.
 *
 * <p>Between {@link #onServerFirst} and {@link #clientFinal} the keys must be derived, which takes milliseconds and happens elsewhere. The
 * node is trusted only after {@link #onServerFinal}; whoever asks {@link #isServerVerified} before that is told no.
 */
public final class ScramClient {

    /** What the node wants the password hashed with. */
    public record Challenge(byte[] salt, int iterations) {}

    private enum State {
        FIRST_SENT,
        CHALLENGED,
        FINAL_SENT,
        VERIFIED
    }

    private final ScramMechanism mechanism;
    private final String gs2Header;
    private final byte[] boundTo;
    private final String clientFirstBare;
    private final String ownNonce;

    private State state = State.FIRST_SENT;
    private String nonce = "";
    private String serverFirst = "";
    private byte[] expectedSignature = new byte[0];

    ScramClient(
            ScramMechanism mechanism,
            String gs2Header,
            @Nullable ChannelBinding binding,
            String user,
            String ownNonce) {
        this.mechanism = mechanism;
        this.gs2Header = gs2Header;
        this.boundTo = binding == null ? new byte[0] : binding.hash();
        this.clientFirstBare = "n=" + user + ",r=" + ownNonce;
        this.ownNonce = ownNonce;
    }

    /**
     * Picks the strongest mechanism both sides have and prepares its first message.
     *
     * @param offered the names in AuthenticationSASL
     * @param binding the binding to the node's certificate; null outside TLS or when its certificate has none
     */
    public static ScramClient start(Collection<String> offered, @Nullable ChannelBinding binding, SecureRandom random)
            throws LoginRefused {
        String ownNonce = ScramServer.freshNonce(random);
        // The startup packet names the user; PostgreSQL ignores the name here.
        if (binding != null && offered.contains(ScramMechanism.SCRAM_SHA_256_PLUS.wireName())) {
            return new ScramClient(
                    ScramMechanism.SCRAM_SHA_256_PLUS, "p=" + ChannelBinding.TYPE + ",,", binding, "", ownNonce);
        }
        if (offered.contains(ScramMechanism.SCRAM_SHA_256.wireName())) {
            // 'y': we would bind, the node did not offer it; a node that did offer it detects the man in the middle.
            String header = binding == null ? "n,," : "y,,";
            return new ScramClient(ScramMechanism.SCRAM_SHA_256, header, null, "", ownNonce);
        }
        throw broken("none of the offered SASL mechanisms is supported");
    }

    /** Returns the mechanism to name in SASLInitialResponse. */
    public ScramMechanism mechanism() {
        return mechanism;
    }

    /** Returns the client-first message. */
    public byte[] clientFirst() {
        return ScramText.bytes(gs2Header + clientFirstBare);
    }

    /** Reads the server-first message; returns what the keys are to be derived with, within bounds. */
    public Challenge onServerFirst(byte[] message) throws LoginRefused {
        expect(State.FIRST_SENT, "server-first-message");
        ScramText text = ScramText.read(message);
        if (text.peek() == 'm') {
            throw broken("server requires an unsupported SCRAM extension");
        }
        String offeredNonce = text.attribute('r');
        byte[] salt = ScramText.base64(text.attribute('s'), "Malformed salt in server-first-message.");
        int iterations = iterations(text.attribute('i'));
        while (!text.atEnd()) {
            text.anyAttribute(); // optional extensions may be ignored
        }
        if (!offeredNonce.startsWith(ownNonce)
                || offeredNonce.length() == ownNonce.length()
                || !ScramText.isNonce(offeredNonce)) {
            throw broken("invalid SCRAM nonce");
        }
        if (salt.length > ScramVerifier.SALT_BYTES_MAX) {
            throw broken(
                    "SCRAM salt of " + salt.length + " bytes (expected: at most " + ScramVerifier.SALT_BYTES_MAX + ")");
        }
        nonce = offeredNonce;
        serverFirst = text.slice(0, text.position());
        state = State.CHALLENGED;
        return new Challenge(salt, iterations);
    }

    /** Returns the client-final message made with the keys derived for the challenge. */
    public byte[] clientFinal(ScramKeys keys) {
        assert state == State.CHALLENGED : state;
        byte[] header = ScramText.bytes(gs2Header);
        byte[] bound = Arrays.copyOf(header, header.length + boundTo.length);
        System.arraycopy(boundTo, 0, bound, header.length, boundTo.length);
        String withoutProof = "c=" + Base64.getEncoder().encodeToString(bound) + ",r=" + nonce;
        byte[] authMessage = ScramText.bytes(clientFirstBare + "," + serverFirst + "," + withoutProof);
        byte[] proof = ScramHash.xor(keys.clientKey(), ScramHash.hmac(keys.storedKey(), authMessage));
        expectedSignature = ScramHash.hmac(keys.serverKey(), authMessage);
        state = State.FINAL_SENT;
        return ScramText.bytes(withoutProof + ",p=" + Base64.getEncoder().encodeToString(proof));
    }

    /** Reads the server-final message; returns only when the node proved that it knows our verifier. */
    public void onServerFinal(byte[] message) throws LoginRefused {
        expect(State.FINAL_SENT, "server-final-message");
        ScramText text = ScramText.read(message);
        if (text.peek() == 'e') {
            throw broken("server reported an error in the SCRAM exchange");
        }
        byte[] signature = ScramText.base64(text.attribute('v'), "Malformed signature in server-final-message.");
        if (!text.atEnd()) {
            throw ScramText.malformed("Garbage found at the end of server-final-message.");
        }
        if (!MessageDigest.isEqual(signature, expectedSignature)) {
            throw broken("incorrect server signature");
        }
        state = State.VERIFIED;
    }

    /** Returns true once the node's signature was right; AuthenticationOk before that is an attack. */
    public boolean isServerVerified() {
        return state == State.VERIFIED;
    }

    private void expect(State expected, String message) throws LoginRefused {
        if (state != expected) {
            throw broken("unexpected SCRAM " + message);
        }
    }

    private static int iterations(String text) throws LoginRefused {
        int iterations = text.matches("[0-9]{1,7}") ? Integer.parseInt(text) : -1;
        if (iterations < 1 || iterations > ScramVerifier.ITERATIONS_MAX) {
            throw broken("SCRAM iteration count out of bounds (expected: 1.." + ScramVerifier.ITERATIONS_MAX + ")");
        }
        return iterations;
    }

    private static LoginRefused broken(String problem) {
        return new LoginRefused(RouterErrors.backendAuthentication(problem));
    }
}
