// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server.metrics;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.jvm.ClassLoaderMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.netty.buffer.ByteBufAllocatorMetric;

/** The meters of the JVM and of the process: memory, collections, threads, processor, descriptors, uptime, network buffers. */
public final class ProcessMeters implements AutoCloseable {
    private final JvmGcMetrics collections = new JvmGcMetrics();

    /**
     * Adds the meters to a registry.
     *
     * @param buffers what the allocator of the transport holds
     */
    public ProcessMeters(MeterRegistry registry, ByteBufAllocatorMetric buffers) {
        new JvmMemoryMetrics().bindTo(registry);
        new JvmThreadMetrics().bindTo(registry);
        new ClassLoaderMetrics().bindTo(registry);
        new ProcessorMetrics().bindTo(registry);
        new FileDescriptorMetrics().bindTo(registry);
        new UptimeMetrics().bindTo(registry);
        collections.bindTo(registry);
        Gauge.builder("trunkline_buffer_direct_bytes", buffers, ByteBufAllocatorMetric::usedDirectMemory)
                .description("Direct memory held by the buffer allocator")
                .strongReference(true)
                .register(registry);
        Gauge.builder("trunkline_buffer_heap_bytes", buffers, ByteBufAllocatorMetric::usedHeapMemory)
                .description("Heap memory held by the buffer allocator")
                .strongReference(true)
                .register(registry);
    }

    @Override
    public void close() {
        collections.close();
    }
}
