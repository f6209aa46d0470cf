// SPDX-License-Identifier: Apache-2.0
package io.trunkline.auth;

import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.cert.X509Certificate;
import java.security.spec.PSSParameterSpec;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The {@code tls-server-end-point} data of one TLS connection: a hash of the certificate the server showed on it.
 *
 * <p>The hash is the one of the certificate's signature, except that MD5 and SHA-1 are replaced by SHA-256. Signatures without a hash of
 * their own (Ed25519) have no such binding.
 *
 * @param hash the digest of the whole certificate
 * @see <a href="https://www.rfc-editor.org/rfc/rfc5929#section-4.1">RFC 5929, section 4.1</a>
 */
public record ChannelBinding(byte[] hash) {
    /** The only type PostgreSQL has. */
    static final String TYPE = "tls-server-end-point";

    private static final String RSASSA_PSS = "1.2.840.113549.1.1.10";

    /** Returns the binding to a server certificate, or null when none is defined for it. */
    public static @Nullable ChannelBinding to(X509Certificate certificate) {
        try {
            String digest = digestOf(certificate);
            return digest == null
                    ? null
                    : new ChannelBinding(MessageDigest.getInstance(digest).digest(certificate.getEncoded()));
        } catch (GeneralSecurityException | java.io.IOException undefined) {
            // An algorithm this platform cannot name is one without a defined binding.
            return null;
        }
    }

    private static @Nullable String digestOf(X509Certificate certificate)
            throws GeneralSecurityException, java.io.IOException {
        if (certificate.getSigAlgOID().equals(RSASSA_PSS)) {
            return pssDigest(certificate.getSigAlgParams());
        }
        String name = certificate.getSigAlgName().toUpperCase(Locale.ROOT);
        int with = name.indexOf("WITH");
        return with < 0 ? null : strengthened(name.substring(0, with));
    }

    private static String pssDigest(byte @Nullable [] parameters) throws GeneralSecurityException, java.io.IOException {
        if (parameters == null) {
            return "SHA-256"; // the default of RSASSA-PSS is SHA-1, which RFC 5929 replaces
        }
        AlgorithmParameters decoded = AlgorithmParameters.getInstance("RSASSA-PSS");
        decoded.init(parameters);
        return strengthened(decoded.getParameterSpec(PSSParameterSpec.class)
                .getDigestAlgorithm()
                .toUpperCase(Locale.ROOT));
    }

    private static String strengthened(String digest) {
        return switch (digest) {
            case "MD5", "SHA1", "SHA-1" -> "SHA-256";
            case "SHA224", "SHA256", "SHA384", "SHA512" -> "SHA-" + digest.substring(3);
            default -> digest;
        };
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof ChannelBinding binding && MessageDigest.isEqual(binding.hash, hash);
    }

    @Override
    public int hashCode() {
        return java.util.Arrays.hashCode(hash);
    }
}
