/*
 * Copyright 2026 the ublk4j authors.
 *
 * Licensed under the Apache License, Version 2.0 (the "License");
 * you may not use this file except in compliance with the License.
 * You may obtain a copy of the License at
 *
 *      https://www.apache.org/licenses/LICENSE-2.0
 *
 * Unless required by applicable law or agreed to in writing, software
 * distributed under the License is distributed on an "AS IS" BASIS,
 * WITHOUT WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied.
 * See the License for the specific language governing permissions and
 * limitations under the License.
 */

package io.github.ublk4j.spring;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

import io.github.ublk4j.block.BlockDeviceHandler;
import io.github.ublk4j.block.BlockRequestStream;
import io.github.ublk4j.block.BlockStore;
import io.github.ublk4j.block.DataMode;
import io.github.ublk4j.block.Recovery;

import org.springframework.stereotype.Component;

/**
 * Serves a bean as a Linux block device. The bean is a {@link BlockDeviceHandler}, a
 * {@link BlockRequestStream} or a {@link BlockStore}, or it implements none of them and
 * has methods annotated with {@link OnRead @OnRead}, {@link OnWrite @OnWrite},
 * {@link OnFlush @OnFlush}, {@link OnDiscard @OnDiscard} and
 * {@link OnWriteZeroes @OnWriteZeroes}. The annotation stands on its class, which
 * component scanning then finds, or on its {@code @Bean} method.
 * <p>
 * Every attribute but {@link #name()} can be overridden by the property
 * {@code ublk.devices.<name>.<attribute>}, and may contain <code>${...}</code>
 * placeholders where it is a string. Sizes are written like {@code 4GB}, {@code 256KB} or
 * {@code 512} (bytes); 1KB is 1024 bytes.
 */
@Target({ ElementType.TYPE, ElementType.METHOD })
@Retention(RetentionPolicy.RUNTIME)
@Documented
@Component
public @interface BlockDevice {

	/**
	 * The name of the disk, unique in the application. The disk is found at
	 * {@code /run/ublk/<name>}.
	 * @return 1 to 64 letters, digits, '.', '_' and '-'; by default the name of the bean
	 */
	String name() default "";

	/**
	 * The capacity.
	 * @return a multiple of the logical block size; may only be left out if the bean is a
	 * {@link BlockStore}, which then is served in its whole {@link BlockStore#size()}
	 */
	String size() default "";

	/**
	 * The number of hardware queues, each served by a thread of its own.
	 * @return at least 1; the kernel caps it at its number of CPUs
	 */
	int queues() default 1;

	/**
	 * How many requests of one queue can be in flight.
	 * @return 1 to 4096
	 */
	int queueDepth() default 128;

	/**
	 * The largest single read or write; larger ones are split by the kernel.
	 * @return a multiple of 4KB up to 32MB
	 */
	String maxIoSize() default "256KB";

	/**
	 * The smallest unit of a request.
	 * @return 512, 1KB, 2KB or 4KB
	 */
	String logicalBlockSize() default "512";

	/**
	 * The unit that the storage behind the disk writes without reading first.
	 * @return a power of two, at least the logical block size
	 */
	String physicalBlockSize() default "4KB";

	/**
	 * The preferred minimum of a request.
	 * @return a power of two; by default the physical block size
	 */
	String ioMin() default "";

	/**
	 * The preferred size of a request.
	 * @return a power of two; by default {@link #ioMin()}
	 */
	String ioOpt() default "";

	/**
	 * Whether the kernel refuses writes.
	 * @return whether the disk is read-only
	 */
	boolean readOnly() default false;

	/**
	 * Whether the kernel schedules as for a spinning disk.
	 * @return whether seeks are expensive
	 */
	boolean rotational() default false;

	/**
	 * Whether the kernel looks for partitions when the disk appears.
	 * @return whether it does; {@code false} needs Linux 7.0, and the disk is not started
	 * if the kernel does not have it
	 */
	boolean partitionScan() default true;

	/**
	 * How the data of requests is moved.
	 * @return the mode; the disk is not started if the kernel does not have it
	 */
	DataMode dataMode() default DataMode.AUTO;

	/**
	 * What becomes of the disk when the application dies.
	 * @return the recovery; the disk is not started if the kernel does not have it
	 */
	Recovery recovery() default Recovery.NONE;

	/**
	 * What becomes of the disk when the application stops.
	 * @return what; anything but {@link OnShutdown#DELETE} needs a {@link #recovery()}
	 */
	OnShutdown onShutdown() default OnShutdown.DELETE;

	/**
	 * How long a request may take before it fails with ETIMEDOUT.
	 * @return a duration such as {@code 30s}; {@code 0} for ever
	 */
	String requestTimeout() default "30s";

}
