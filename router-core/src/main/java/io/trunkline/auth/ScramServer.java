// SPDX-License-Identifier: Apache-2.0
package io.trunkline.auth;

import io.trunkline.error.RouterErrors;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One SCRAM exchange in which a client proves to us that it knows a password.
 *
 * <pre>
 *   client-first  n,,n=,r=abc              →
 *                                          ←  server-first  r=abcXYZ,s=salt,i=4096
 *   client-final  c=biws,r=abcXYZ,p=proof  →
 *                                          ←  server-final  v=signature
 * </pre>
 *
 * <p>Costs a few hashes, so it runs on the event loop. Unknown users are given a verifier of {@link MockVerifiers} and walk the same path.
 * Words of errors are PostgreSQL's.
 *
 * @see <a href="https://www.postgresql.org/docs/18/sasl-authentication.html">SASL authentication</a>
 * @see <a href="https://www.rfc-editor.org/rfc/rfc5802">RFC 5802</a>
 */
public final class ScramServer {
    private static final int NONCE_BYTES = 18;

    /** The client-first message that was accepted and what we answered. */
    private record Challenge(String gs2Header, String clientFirstBare, String nonce, String serverFirst) {}

    private final String user;
    private final ScramVerifier verifier;
    private final @Nullable ChannelBinding binding;
    private final String ownNonce;
    private @Nullable Challenge challenge;

    /**
     * Prepares an exchange.
     *
     * @param user the name for the error message
     * @param verifier what is known of the user's password
     * @param binding the binding to our certificate; null outside TLS or when our certificate has none
     * @param ownNonce unpredictable visible ASCII without commas
     */
    ScramServer(String user, ScramVerifier verifier, @Nullable ChannelBinding binding, String ownNonce) {
        this.user = user;
        this.verifier = verifier;
        this.binding = binding;
        this.ownNonce = ownNonce;
    }

    /** Prepares an exchange with a fresh nonce. */
    public static ScramServer start(
            String user, ScramVerifier verifier, @Nullable ChannelBinding binding, SecureRandom random) {
        return new ScramServer(user, verifier, binding, freshNonce(random));
    }

    static String freshNonce(SecureRandom random) {
        byte[] bytes = new byte[NONCE_BYTES];
        random.nextBytes(bytes);
        return Base64.getEncoder().encodeToString(bytes);
    }

    /** Returns what to offer, strongest first: libpq takes the first it can. */
    public List<ScramMechanism> mechanisms() {
        return binding == null
                ? List.of(ScramMechanism.SCRAM_SHA_256)
                : List.of(ScramMechanism.SCRAM_SHA_256_PLUS, ScramMechanism.SCRAM_SHA_256);
    }

    /** Returns the server-first message. */
    public byte[] onClientFirst(ScramMechanism selected, byte[] message) throws LoginRefused {
        if (challenge != null || !mechanisms().contains(selected)) {
            throw new LoginRefused(RouterErrors.invalidSaslMechanism());
        }
        ScramText text = ScramText.read(message);
        readBindingFlag(text, selected);
        text.takeComma();
        if (text.peek() == 'a') {
            throw new LoginRefused(
                    RouterErrors.unsupportedScram("client uses authorization identity, but it is not supported"));
        }
        if (text.peek() != ',') {
            throw ScramText.malformed(
                    "Unexpected attribute \"" + ScramText.printable(text.peek()) + "\" in client-first-message.");
        }
        text.takeComma();
        String gs2Header = text.slice(0, text.position());
        String bare = text.rest();
        if (text.peek() == 'm') {
            throw new LoginRefused(RouterErrors.unsupportedScram("client requires an unsupported SCRAM extension"));
        }
        text.attribute('n'); // the startup packet named the user
        String clientNonce = text.attribute('r');
        if (!ScramText.isNonce(clientNonce)) {
            throw new LoginRefused(RouterErrors.scramViolation("non-printable characters in SCRAM nonce"));
        }
        while (!text.atEnd()) {
            text.anyAttribute(); // optional extensions may be ignored
        }
        String nonce = clientNonce + ownNonce;
        String serverFirst = "r=" + nonce + ",s=" + Base64.getEncoder().encodeToString(verifier.salt()) + ",i="
                + verifier.iterations();
        challenge = new Challenge(gs2Header, bare, nonce, serverFirst);
        return ScramText.bytes(serverFirst);
    }

    /**
     * Returns the server-final message: the proof was right.
     *
     * @throws LoginRefused 28P01 when the proof is wrong, 08P01 when the message is malformed
     */
    public byte[] onClientFinal(byte[] message) throws LoginRefused {
        Challenge sent = challenge;
        if (sent == null) {
            throw ScramText.malformed("The client-first-message is missing.");
        }
        ScramText text = ScramText.read(message);
        String boundTo = text.attribute('c');
        String nonce = text.attribute('r');
        int proofStart = text.position();
        while (text.peek() != 'p' && !text.atEnd()) {
            text.anyAttribute();
            proofStart = text.position();
        }
        byte[] proof = ScramText.base64(text.attribute('p'), "Malformed proof in client-final-message.");
        if (!text.atEnd()) {
            throw ScramText.malformed("Garbage found at the end of client-final-message.");
        }
        if (proof.length != ScramHash.KEY_BYTES) {
            throw ScramText.malformed("Malformed proof in client-final-message.");
        }
        checkBinding(sent, boundTo);
        if (!nonce.equals(sent.nonce)) {
            throw new LoginRefused(RouterErrors.scramNonceMismatch());
        }
        // The comma before p= belongs to neither part.
        String withoutProof = text.slice(0, proofStart - 1);
        byte[] authMessage = ScramText.bytes(sent.clientFirstBare + "," + sent.serverFirst + "," + withoutProof);
        byte[] clientKey = ScramHash.xor(proof, ScramHash.hmac(verifier.storedKey(), authMessage));
        if (!MessageDigest.isEqual(ScramHash.h(clientKey), verifier.storedKey())) {
            throw new LoginRefused(RouterErrors.passwordAuthenticationFailed(user));
        }
        byte[] signature = ScramHash.hmac(verifier.serverKey(), authMessage);
        return ScramText.bytes("v=" + Base64.getEncoder().encodeToString(signature));
    }

    private void readBindingFlag(ScramText text, ScramMechanism selected) throws LoginRefused {
        boolean bound = selected == ScramMechanism.SCRAM_SHA_256_PLUS;
        char flag = text.take();
        if (flag != 'p' && (flag == 'n' || flag == 'y') && bound) {
            throw ScramText.malformed("The client selected SCRAM-SHA-256-PLUS, but the SCRAM message does not include "
                    + "channel binding data.");
        }
        switch (flag) {
            case 'n' -> {}
            case 'y' -> refuseDowngrade();
            case 'p' -> {
                if (!bound) {
                    throw ScramText.malformed(
                            "The client selected SCRAM-SHA-256 without channel binding, but the SCRAM "
                                    + "message includes channel binding data.");
                }
                readBindingType(text);
            }
            default ->
                throw ScramText.malformed("Unexpected channel-binding flag \"" + ScramText.printable(flag) + "\".");
        }
    }

    private static void readBindingType(ScramText text) throws LoginRefused {
        if (text.take() != '=') {
            throw ScramText.malformed("Expected character \"=\" for attribute \"p\".");
        }
        int start = text.position();
        while (text.peek() != ',' && !text.atEnd()) {
            text.take();
        }
        if (!text.slice(start, text.position()).equals(ChannelBinding.TYPE)) {
            throw new LoginRefused(RouterErrors.scramViolation("unsupported SCRAM channel-binding type"));
        }
    }

    /** The client says it would bind but was not offered to; we did offer, so somebody between us took the offer out. */
    private void refuseDowngrade() throws LoginRefused {
        if (binding != null) {
            throw new LoginRefused(RouterErrors.channelBindingNegotiation());
        }
    }

    private void checkBinding(Challenge sent, String boundTo) throws LoginRefused {
        byte[] header = ScramText.bytes(sent.gs2Header);
        boolean bound = sent.gs2Header.charAt(0) == 'p';
        byte[] expected = header;
        if (bound && binding != null) {
            expected = java.util.Arrays.copyOf(header, header.length + binding.hash().length);
            System.arraycopy(binding.hash(), 0, expected, header.length, binding.hash().length);
        }
        if (Base64.getEncoder().encodeToString(expected).equals(boundTo)) {
            return;
        }
        throw new LoginRefused(
                bound
                        ? RouterErrors.channelBindingCheckFailed()
                        : RouterErrors.scramViolation(
                                "unexpected SCRAM channel-binding attribute in client-final-message"));
    }
}
