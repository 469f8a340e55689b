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

package io.github.ublk4j.spring.outage;

import java.time.Duration;
import java.util.Objects;

import io.github.ublk4j.block.BlockErrno;
import io.github.ublk4j.spring.TestS3;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

import org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration;
import org.springframework.boot.data.redis.autoconfigure.DataRedisReactiveAutoConfiguration;
import org.springframework.boot.r2dbc.autoconfigure.R2dbcAutoConfiguration;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Of {@link MotoServer a test double of S3}, with the SDK's own retries and time-outs.
 */
@Tag("s3")
class S3OutageTests extends AbstractOutageTests {

	private static @Nullable MotoServer server;

	S3OutageTests() {
		super("s3:" + TestS3.BUCKET + "/", DataRedisAutoConfiguration.class, DataRedisReactiveAutoConfiguration.class,
				R2dbcAutoConfiguration.class);
	}

	/** Before each, so that each says why it is skipped where there is no Moto. */
	@BeforeEach
	void startServer() {
		if (server == null) {
			server = new MotoServer();
		}
	}

	@AfterAll
	static void endServer() {
		if (server != null) {
			server.close();
		}
	}

	@Override
	OutageServer server() {
		return moto();
	}

	private static MotoServer moto() {
		return Objects.requireNonNull(server);
	}

	/**
	 * Connections are refused at once, so that the attempts of the SDK and of the store
	 * are soon used up.
	 */
	@Test
	void requestsFailWhileTheServerIsGone() {
		assertThat(failures((load) -> absence(load, Duration.ofSeconds(5)))).containsExactly(BlockErrno.EIO);
	}

	@Test
	void requestsFailWhileTheServerAnswersErrors() {
		assertThat(failures((load) -> errors(load, 500, Duration.ofSeconds(10)))).containsExactly(BlockErrno.EIO);
	}

	/** The SDK asks a server that is too busy less often. */
	@Test
	void requestsAreTriedAgainWhileTheServerIsTooBusy() {
		assertThat(failures((load) -> errors(load, 503, SHORT))).isEmpty();
	}

	private static void errors(Load load, int status, Duration duration) {
		moto().answerErrors(status, 1);
		try {
			assertStandstill(load, duration);
		}
		finally {
			moto().answerWithoutErrors();
		}
	}

	@Test
	void errorsToSomeRequestsAreNotSeen() {
		assertThat(failures((load) -> {
			moto().answerErrors(500, 3);
			try {
				load.awaitProgress();
			}
			finally {
				moto().answerWithoutErrors();
			}
		})).isEmpty();
	}

}
