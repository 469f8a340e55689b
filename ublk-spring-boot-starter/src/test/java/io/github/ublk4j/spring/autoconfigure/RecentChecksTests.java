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

import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

import io.github.ublk4j.engine.host.HostCheck;
import io.github.ublk4j.engine.host.HostCheck.State;
import io.github.ublk4j.engine.host.HostCheck.Subject;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link RecentChecks}.
 */
class RecentChecksTests {

	private final AtomicLong now = new AtomicLong(Long.MAX_VALUE - 5);

	private final AtomicInteger checked = new AtomicInteger();

	private final RecentChecks host = new RecentChecks(
			() -> List.of(new HostCheck(Subject.JVM, State.OK, "check " + this.checked.incrementAndGet(), null)),
			this.now::get);

	@Test
	void hostIsLookedAtWhenItIsAskedForAndAgainWhenThatIsOld() {
		assertThat(this.checked).hasValue(0);
		assertThat(finding()).isEqualTo("check 1");
		this.now.addAndGet(RecentChecks.LIFETIME.toNanos() - 1);
		assertThat(finding()).isEqualTo("check 1");
		this.now.incrementAndGet();
		assertThat(finding()).isEqualTo("check 2");
	}

	private String finding() {
		return this.host.get().get(0).finding();
	}

}
