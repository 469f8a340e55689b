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

package io.github.ublk4j.layer;

import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

import reactor.core.publisher.Mono;

import io.github.ublk4j.block.BlockIoException;
import io.github.ublk4j.block.BlockOperation;
import io.github.ublk4j.block.BlockStore;

/**
 * Fails requests, to see what those above make of it. A request that fails does not reach
 * the store below. The rule can be changed at any time, by any thread.
 */
public final class ErrorStore extends InterceptingStore {

	private final AtomicLong injected = new AtomicLong();

	private volatile Faults faults = new Faults(FaultRule.NONE);

	/**
	 * Creates a layer that fails nothing yet.
	 * @param below the store below
	 */
	public ErrorStore(BlockStore below) {
		super(below);
	}

	/**
	 * Sets which requests fail from now on. The choice begins anew with the seed.
	 * @param rule the requests; {@link FaultRule#NONE} for none
	 * @return this layer
	 */
	public ErrorStore rule(FaultRule rule) {
		return changeRule((current) -> rule);
	}

	/**
	 * Changes which requests fail from now on, by what fails so far: two who change
	 * different parts at the same time do not undo each other's change. The choice begins
	 * anew with the seed.
	 * @param change makes the new rule of the one in force
	 * @return this layer
	 */
	public synchronized ErrorStore changeRule(UnaryOperator<FaultRule> change) {
		this.faults = new Faults(change.apply(this.faults.rule));
		return this;
	}

	/**
	 * Returns which requests fail.
	 * @return the rule
	 */
	public FaultRule rule() {
		return this.faults.rule;
	}

	/**
	 * Returns how many requests this layer has failed, by whatever rules.
	 * @return the number of requests
	 */
	public long injected() {
		return this.injected.get();
	}

	@Override
	Mono<Void> intercept(BlockOperation operation, long offset, long length, Supplier<Mono<Void>> request) {
		Faults current = this.faults;
		if (current.rule.rate() == 0 || !current.rule.covers(operation, offset, length) || !current.draw()) {
			return request.get();
		}
		this.injected.incrementAndGet();
		return Mono.error(new BlockIoException(current.rule.errno(), "The layer 'error' fails this " + operation
				+ " of " + length + " bytes at offset " + offset + ", as it was told"));
	}

	private static final class Faults {

		private final FaultRule rule;

		private final AtomicLong drawn = new AtomicLong();

		Faults(FaultRule rule) {
			this.rule = rule;
		}

		/**
		 * Draws by SplitMix64, whose n-th number is known without the ones before it, so
		 * that no thread waits for another.
		 */
		boolean draw() {
			long z = this.rule.seed() + this.drawn.incrementAndGet() * 0x9E3779B97F4A7C15L;
			z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
			z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
			z = z ^ (z >>> 31);
			return (z >>> 11) * 0x1.0p-53 < this.rule.rate();
		}

	}

}
