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

import java.net.URI;

import org.jspecify.annotations.Nullable;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.core.interceptor.ExecutionInterceptor;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.s3.S3AsyncClient;
import software.amazon.awssdk.services.s3.S3AsyncClientBuilder;
import software.amazon.awssdk.services.s3.S3Configuration;

/**
 * A bucket of Moto, which is a test double of S3: what tests show of conditional writes
 * is true of S3 only as far as Moto is.
 */
public final class TestS3 {

	/** A bucket that exists. */
	public static final String BUCKET = "disks";

	private static @Nullable S3AsyncClient client;

	private TestS3() {
	}

	/**
	 * Returns a client for the tests of this JVM.
	 */
	public static synchronized S3AsyncClient client() {
		S3AsyncClient known = client;
		if (known == null) {
			known = client(new ExecutionInterceptor() {
			});
			known.createBucket((request) -> request.bucket(BUCKET)).join();
			client = known;
		}
		return known;
	}

	/**
	 * Returns another client, which the test closes.
	 * @param faults what happens to requests and answers
	 */
	public static S3AsyncClient client(ExecutionInterceptor faults) {
		return builder(LocalServer.moto().port())
			.overrideConfiguration((configuration) -> configuration.addExecutionInterceptor(faults))
			.build();
	}

	/**
	 * Returns a client of another Moto, which the test closes.
	 * @param port where it listens, on 127.0.0.1
	 */
	public static S3AsyncClient client(int port) {
		return builder(port).build();
	}

	private static S3AsyncClientBuilder builder(int port) {
		return S3AsyncClient.builder()
			.endpointOverride(URI.create("http://127.0.0.1:" + port))
			.forcePathStyle(true)
			// Moto's "100 Continue" comes twice, and a late one is taken for the answer
			.serviceConfiguration(S3Configuration.builder().expectContinueEnabled(false).build())
			.region(Region.US_EAST_1)
			.credentialsProvider(StaticCredentialsProvider.create(AwsBasicCredentials.create("test", "test")));
	}

}
