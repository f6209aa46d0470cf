// SPDX-License-Identifier: Apache-2.0
package io.trunkline.auth;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.InputStream;
import java.security.MessageDigest;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ChannelBindingTest {

    @ParameterizedTest
    @CsvSource({
        "server.crt,SHA-256", // ecdsa-with-SHA256
        "renewed.crt,SHA-384", // ecdsa-with-SHA384
        "elsewhere.crt,SHA-512", // ecdsa-with-SHA512
        "pss.crt,SHA-384", // rsassaPss with SHA-384
        "sha1.crt,SHA-256", // sha1WithRSAEncryption: replaced
    })
    void A05_hashesTheCertificateWithTheHashOfItsSignature(String file, String digest) throws Exception {
        X509Certificate certificate = certificate(file);

        ChannelBinding binding = ChannelBinding.to(certificate);

        byte[] expected = MessageDigest.getInstance(digest).digest(certificate.getEncoded());
        assertThat(binding).isEqualTo(new ChannelBinding(expected));
    }

    @Test
    void A05_hasNoBindingToACertificateWhoseSignatureHasNoHash() throws Exception {
        assertThat(ChannelBinding.to(certificate("ed25519.crt"))).isNull();
    }

    private static X509Certificate certificate(String file) throws Exception {
        try (InputStream in = ChannelBindingTest.class.getResourceAsStream("/tls/" + file)) {
            return (X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(in);
        }
    }
}
