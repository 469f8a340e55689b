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

import java.time.Duration;

import io.github.ublk4j.spring.BlockStoreFactory;
import io.github.ublk4j.spring.s3.S3ChunkVolume;
import io.github.ublk4j.store.chunk.ChunkVolume;
import software.amazon.awssdk.services.s3.S3AsyncClient;

import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnSingleCandidate;
import org.springframework.context.annotation.Bean;

/**
 * {@link EnableAutoConfiguration Auto-configuration} for
 * {@code store: s3:<bucket>/<prefix>}, with the S3 client of the application.
 */
@AutoConfiguration(afterName = { "io.awspring.cloud.autoconfigure.s3.S3AutoConfiguration",
		"io.awspring.cloud.autoconfigure.s3.S3CrtAsyncClientAutoConfiguration" })
@ConditionalOnClass(S3AsyncClient.class)
public final class S3StoreAutoConfiguration {

	S3StoreAutoConfiguration() {
	}

	@Bean
	@ConditionalOnSingleCandidate(S3AsyncClient.class)
	@ConditionalOnMissingBean(name = "s3BlockStoreFactory")
	BlockStoreFactory s3BlockStoreFactory(S3AsyncClient client) {
		return new ChunkStoreFactory("s3", "<bucket>/<prefix>",
				"Check the S3AsyncClient, its credentials and the bucket.") {

			/** Large volumes have thousands of indexes, each read and written. */
			@Override
			Duration patience() {
				return Duration.ofMinutes(2);
			}

			@Override
			ChunkVolume volume(String name) {
				int slash = Math.max(name.indexOf('/'), 0);
				return new S3ChunkVolume(client, name.substring(0, slash),
						name.substring(Math.min(slash + 1, name.length())));
			}

		};
	}

}
