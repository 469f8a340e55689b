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

import java.util.concurrent.atomic.AtomicInteger;

import org.springframework.core.io.buffer.DataBufferWrapper;
import org.springframework.core.io.buffer.DefaultDataBufferFactory;
import org.springframework.core.io.buffer.PooledDataBuffer;

/**
 * A buffer that counts its references, as those of Netty do.
 */
final class CountedDataBuffer extends DataBufferWrapper implements PooledDataBuffer {

	private final AtomicInteger references = new AtomicInteger(1);

	CountedDataBuffer(byte[] bytes) {
		super(DefaultDataBufferFactory.sharedInstance.wrap(bytes));
	}

	int references() {
		return this.references.get();
	}

	@Override
	public boolean isAllocated() {
		return references() > 0;
	}

	@Override
	public PooledDataBuffer retain() {
		this.references.incrementAndGet();
		return this;
	}

	@Override
	public PooledDataBuffer touch(Object hint) {
		return this;
	}

	@Override
	public boolean release() {
		return this.references.decrementAndGet() == 0;
	}

}
