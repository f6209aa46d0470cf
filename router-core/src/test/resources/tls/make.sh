#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes the certificates of this directory, valid for 100 years. They protect nothing: the keys are public.
set -eu
cd "$(dirname "$0")"
days=36500
key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1" 2>/dev/null; }
ca() { # name, common name
  key "$1.key"
  openssl req -new -x509 -key "$1.key" -subj "/CN=$2" -days $days -sha256 -out "$1.crt"
}
leaf() { # name, common name, subjectAltName, digest
  key "$1.key"
  printf 'subjectAltName=%s\n' "$3" > ext
  openssl req -new -key "$1.key" -subj "/CN=$2" |
    openssl x509 -req -CA ca.crt -CAkey ca.key -CAcreateserial -days $days "-$4" -extfile ext -out "$1.crt" 2>/dev/null
  rm -f ext ca.srl
}
ca ca "Trunkline test authority"
ca other-ca "Another authority"
leaf server localhost "DNS:localhost,IP:127.0.0.1" sha256
leaf renewed localhost "DNS:localhost,IP:127.0.0.1" sha384
leaf elsewhere db.example "DNS:db.example" sha512
leaf client ann "DNS:ann" sha256
openssl genpkey -algorithm ED25519 -out ed25519.key
openssl req -new -x509 -key ed25519.key -subj /CN=ed25519 -days $days -out ed25519.crt
openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out pss.key 2>/dev/null
openssl req -new -x509 -key pss.key -subj /CN=pss -days $days -sha384 -sigopt rsa_padding_mode:pss -out pss.crt
openssl req -new -x509 -key pss.key -subj /CN=sha1 -days $days -sha1 -out sha1.crt
openssl ec -in server.key -out server-sec1.key 2>/dev/null
rm -f ca.key other-ca.key ed25519.key pss.key
