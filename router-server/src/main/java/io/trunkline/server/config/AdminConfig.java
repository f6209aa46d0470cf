// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server.config;

/** Where operators connect: metrics, liveness, readiness, the topology and the clients over HTTP, without authentication. */
public record AdminConfig(
        @Setting(value = "Address to listen on; keep it away from the public.", byDefault = "127.0.0.1")
        String host,

        @Setting(value = "TCP port for HTTP; 0 takes a free one.", byDefault = "9432", range = "0..65535")
        int port,

        @Setting(
                value =
                        "Whether whoever reaches the port may end clients by POST /clients/ID/terminate. There is no authentication.",
                byDefault = "false")
        boolean terminateClients) {}
