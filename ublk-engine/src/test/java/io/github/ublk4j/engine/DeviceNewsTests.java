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

package io.github.ublk4j.engine;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link DeviceNews}.
 */
class DeviceNewsTests {

	private final List<String> told = new ArrayList<>();

	@Test
	void listenersAreToldInTheirOrderOnce() {
		DeviceNews news = new DeviceNews(List.of(new Reporter("a"), new Reporter("b")));
		news.add(DeviceNewsTests::live);
		news.add(DeviceNewsTests::failed);
		assertThat(this.told).isEmpty();
		news.tell();
		news.tell();
		assertThat(this.told).containsExactly("a live", "b live", "a failed", "b failed");
	}

	@Test
	void failingListenerKeepsNothingFromTheOthers() {
		DeviceListener failing = new DeviceListener() {

			@Override
			public void live(UblkDevice device) {
				throw new AssertionError("expected by the test");
			}

		};
		DeviceNews news = new DeviceNews(List.of(failing, new Reporter("b")));
		news.add(DeviceNewsTests::live);
		news.add(DeviceNewsTests::failed);
		news.tell();
		assertThat(this.told).containsExactly("b live", "b failed");
	}

	@Test
	void newsOfListenerIsToldAfterItHasReturned() {
		DeviceNews[] news = new DeviceNews[1];
		Reporter stopping = new Reporter("a") {

			@Override
			public void live(UblkDevice device) {
				news[0].add(DeviceNewsTests::failed);
				news[0].tell();
				super.live(device);
			}

		};
		news[0] = new DeviceNews(List.of(stopping));
		news[0].add(DeviceNewsTests::live);
		news[0].tell();
		assertThat(this.told).containsExactly("a live", "a failed");
	}

	@Test
	void nobodyWaitsForAnotherThreadThatIsTelling() throws InterruptedException {
		CountDownLatch listening = new CountDownLatch(1);
		CountDownLatch released = new CountDownLatch(1);
		Reporter slow = new Reporter("a") {

			@Override
			public void live(UblkDevice device) {
				listening.countDown();
				await(released);
				super.live(device);
			}

		};
		DeviceNews news = new DeviceNews(List.of(slow));
		news.add(DeviceNewsTests::live);
		Thread teller = new Thread(news::tell);
		teller.start();
		await(listening);
		news.add(DeviceNewsTests::failed);
		news.tell();
		assertThat(this.told).isEmpty();
		released.countDown();
		teller.join();
		assertThat(this.told).containsExactly("a live", "a failed");
	}

	private static void await(CountDownLatch latch) {
		try {
			assertThat(latch.await(30, TimeUnit.SECONDS)).isTrue();
		}
		catch (InterruptedException ex) {
			throw new AssertionError(ex);
		}
	}

	@SuppressWarnings("NullAway") // no device is needed to tell about it
	private static void live(DeviceListener listener) {
		listener.live(null);
	}

	@SuppressWarnings("NullAway")
	private static void failed(DeviceListener listener) {
		listener.failed(null, "reason", null);
	}

	private class Reporter implements DeviceListener {

		private final String name;

		Reporter(String name) {
			this.name = name;
		}

		@Override
		public void live(UblkDevice device) {
			DeviceNewsTests.this.told.add(this.name + " live");
		}

		@Override
		public void failed(UblkDevice device, String reason, @Nullable Throwable cause) {
			DeviceNewsTests.this.told.add(this.name + " failed");
		}

	}

}
