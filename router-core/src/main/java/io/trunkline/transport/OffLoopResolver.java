// SPDX-License-Identifier: Apache-2.0
package io.trunkline.transport;

import io.netty.resolver.AddressResolver;
import io.netty.resolver.AddressResolverGroup;
import io.netty.resolver.InetNameResolver;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.Promise;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;

/**
 * Resolves host names with the system's resolver, but never on an event loop: a name server that does not answer would stop every session of
 * the loop. The system's resolver is what honours {@code /etc/hosts} and the rest of the machine's configuration.
 */
final class OffLoopResolver extends AddressResolverGroup<InetSocketAddress> {
    private final Executor executor;

    /** Resolves on an executor, which may block and is bounded. */
    OffLoopResolver(Executor executor) {
        this.executor = executor;
    }

    @Override
    protected AddressResolver<InetSocketAddress> newResolver(EventExecutor loop) {
        return new SystemResolver(loop, executor).asAddressResolver();
    }

    private static final class SystemResolver extends InetNameResolver {
        private final Executor executor;

        SystemResolver(EventExecutor loop, Executor executor) {
            super(loop);
            this.executor = executor;
        }

        @Override
        protected void doResolve(String host, Promise<InetAddress> promise) {
            offLoop(promise, () -> promise.trySuccess(InetAddress.getByName(host)));
        }

        @Override
        protected void doResolveAll(String host, Promise<List<InetAddress>> promise) {
            offLoop(promise, () -> promise.trySuccess(List.of(InetAddress.getAllByName(host))));
        }

        private interface Lookup {
            void run() throws UnknownHostException;
        }

        private void offLoop(Promise<?> promise, Lookup lookup) {
            try {
                executor.execute(() -> {
                    try {
                        lookup.run();
                    } catch (UnknownHostException e) {
                        promise.tryFailure(e);
                    }
                });
            } catch (RejectedExecutionException full) {
                promise.tryFailure(full);
            }
        }
    }
}
