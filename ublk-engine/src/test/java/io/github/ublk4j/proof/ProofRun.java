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

package io.github.ublk4j.proof;

import java.time.Duration;
import java.util.Random;
import java.util.concurrent.TimeUnit;

/**
 * The seed and the time of a test that goes by chance. It prints its seed;
 * {@code -Dublk.seed=} repeats it as far as threads let it, and
 * {@code -Dublk.soak.minutes=} makes it take that long instead of a few seconds.
 */
public final class ProofRun {

	private static final long SOAK_MINUTES = Long.getLong("ublk.soak.minutes", 0);

	private final long seed = Long.getLong("ublk.seed", System.nanoTime());

	private final String name;

	private final long end;

	private int streams;

	/**
	 * Begins a run.
	 * @param test the test
	 * @param length how long it takes in the default build
	 */
	public ProofRun(Class<?> test, Duration length) {
		this.name = test.getSimpleName();
		this.end = System.nanoTime() + ((SOAK_MINUTES > 0) ? TimeUnit.MINUTES.toNanos(SOAK_MINUTES) : length.toNanos());
		System.out.println(this);
	}

	/**
	 * Returns whether it is not over yet.
	 * @return whether there is time left
	 */
	public boolean goesOn() {
		return System.nanoTime() - this.end < 0;
	}

	/**
	 * Returns a source of chance of its own for a thread.
	 * @return the same for the same seed and number of calls
	 */
	public synchronized Random random() {
		return new Random(this.seed + 1_000_003L * this.streams++);
	}

	@Override
	public String toString() {
		return this.name + " with -Dublk.seed=" + this.seed;
	}

}
