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

package io.github.ublk4j.spring.autoconfigure;

import java.util.Map;

import io.github.ublk4j.block.DiskSpec;
import io.github.ublk4j.engine.UblkDevice;
import io.github.ublk4j.engine.UblkEngine;
import reactor.core.publisher.Mono;
import reactor.core.scheduler.Scheduler;
import reactor.core.scheduler.Schedulers;

/**
 * A bean whose annotated methods serve a disk.
 */
final class AnnotatedDiskSource implements DiskSource {

	private final String beanName;

	private final Map<AnnotatedOperation, OperationCall> calls;

	private final BlockingThreads threads;

	// lets go of nothing when it is disposed
	private Scheduler scheduler = Schedulers.immediate();

	/**
	 * Creates a source.
	 * @param beanName the name of the bean
	 * @param calls its methods
	 * @param threads where those that may block are called
	 */
	AnnotatedDiskSource(String beanName, Map<AnnotatedOperation, OperationCall> calls, BlockingThreads threads) {
		this.beanName = beanName;
		this.calls = calls;
		this.threads = threads;
	}

	@Override
	public void requireServable(DiskSpec spec) {
		if (!spec.readOnly() && !this.calls.containsKey(AnnotatedOperation.WRITE)) {
			throw new DiskStartupException(
					"The disk '" + spec.name() + "' (" + this
							+ ") cannot be made: it can be written, but no method has @OnWrite.",
					"Set " + PropertyNames.of(spec.name(), "readOnly")
							+ "=true, or the attribute 'readOnly' of @BlockDevice, or add a method. "
							+ AnnotatedOperation.WRITE.signatures());
		}
	}

	@Override
	public void open(DiskSpec spec) {
		requireServable(spec);
		if (this.calls.values().stream().anyMatch(OperationCall::blocks)) {
			this.scheduler = this.threads.create(spec);
		}
	}

	@Override
	public Mono<UblkDevice> start(UblkEngine engine, DiskSpec spec) {
		return engine.start(spec, new AnnotatedHandler(this.calls, this.scheduler));
	}

	@Override
	public void close() {
		this.scheduler.dispose();
	}

	@Override
	public String toString() {
		return "bean '" + this.beanName + "'";
	}

}
