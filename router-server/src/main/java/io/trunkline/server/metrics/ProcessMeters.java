// SPDX-License-Identifier: Apache-2.0
package io.trunkline.server.metrics;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.jvm.ClassLoaderMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.netty.buffer.ByteBufAllocatorMetric;
import io.trunkline.metrics.Metric;

/** The meters of the JVM and of the process: memory, collections, threads, processor, descriptors, uptime, network buffers. */
public final class ProcessMeters implements AutoCloseable {
    private final JvmGcMetrics collections = new JvmGcMetrics();

    // The registry holds it weakly only.
    @SuppressWarnings("unused")
    private final ByteBufAllocatorMetric buffers;

    /**
     * Adds the meters to a registry.
     *
     * @param buffers what the allocator of the transport holds
     */
    public ProcessMeters(MeterRegistry registry, ByteBufAllocatorMetric buffers) {
        this.buffers = buffers;
        new JvmMemoryMetrics().bindTo(registry);
        new JvmThreadMetrics().bindTo(registry);
        new ClassLoaderMetrics().bindTo(registry);
        new ProcessorMetrics().bindTo(registry);
        new FileDescriptorMetrics().bindTo(registry);
        new UptimeMetrics().bindTo(registry);
        collections.bindTo(registry);
        Meters meters = new Meters(registry);
        meters.gauge(Metric.BUFFER_DIRECT, buffers, ByteBufAllocatorMetric::usedDirectMemory);
        meters.gauge(Metric.BUFFER_HEAP, buffers, ByteBufAllocatorMetric::usedHeapMemory);
    }

    @Override
    public void close() {
        collections.close();
    }
}
