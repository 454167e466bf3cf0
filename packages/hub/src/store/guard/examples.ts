/** Hunts to begin with, shown beside the schema; a test runs each. */
export const huntExamples: readonly { readonly title: string; readonly sql: string }[] = [
  {
    title: 'Programs started from /tmp or /dev/shm today',
    sql: `SELECT time, device_hostname, process_user_name, process_cmd_line, process_parent_process_name
FROM process_activity
WHERE time > now() - INTERVAL 1 DAY AND activity_name = 'Launch'
  AND (process_file_path LIKE '/tmp/%' OR process_file_path LIKE '/dev/shm/%')
ORDER BY time DESC LIMIT 100`,
  },
  {
    title: 'Programs seen on one host only',
    sql: `SELECT process_file_path, any_value(device_hostname) AS host, count(*) AS times
FROM process_activity
WHERE time > now() - INTERVAL 7 DAY AND activity_name = 'Launch'
GROUP BY process_file_path HAVING count(DISTINCT device_hostname) = 1
ORDER BY times LIMIT 100`,
  },
  {
    title: 'Who talks to whom, by program',
    sql: `SELECT actor_process_name, dst_endpoint_ip, dst_endpoint_port, count(*) AS connections, sum(traffic_bytes_out) AS bytes_out
FROM network_activity
WHERE time > now() - INTERVAL 1 HOUR
GROUP BY ALL ORDER BY connections DESC LIMIT 100`,
  },
  {
    title: 'Connections in step: the same every few seconds',
    sql: `SELECT actor_process_uid, dst_endpoint_ip, count(*) AS n, round(stddev(gap_s), 2) AS jitter_s, round(avg(gap_s), 2) AS every_s
FROM (
  SELECT actor_process_uid, dst_endpoint_ip,
    epoch(time - lag(time) OVER (PARTITION BY actor_process_uid, dst_endpoint_ip ORDER BY time)) AS gap_s
  FROM network_activity
  WHERE time > now() - INTERVAL 1 HOUR AND connection_info_direction = 'Outbound' AND activity_name = 'Open'
)
GROUP BY ALL HAVING count(*) > 5 ORDER BY jitter_s LIMIT 50`,
  },
  {
    title: 'Written, then run: files that were made while the sensor watched',
    sql: `SELECT p.time AS ran, f.time AS written, p.device_hostname, p.process_file_path, f.actor_process_cmd_line AS writer, p.process_user_name AS run_by
FROM process_activity p JOIN file_activity f
  ON f.device_uid = p.device_uid AND p.process_file_path IN (f.file_path, f.file_result_path) AND f.time < p.time
WHERE p.time > now() - INTERVAL 1 DAY AND f.time > now() - INTERVAL 1 DAY AND p.activity_name = 'Launch'
  AND f.activity_name IN ('Create', 'Open', 'Rename')
ORDER BY ran DESC LIMIT 100`,
  },
  {
    title: 'Who became somebody else, or was refused it',
    sql: `SELECT time, device_hostname, actor_process_name, kernel_system_call, changes, asked_id, status_code
FROM kernel_activity
WHERE time > now() - INTERVAL 1 DAY AND kernel_type = 'credentials' AND (changes LIKE '%uid%' OR status_code IS NOT NULL)
ORDER BY time DESC LIMIT 100`,
  },
  {
    title: 'Names that were asked for and do not exist, by program',
    sql: `SELECT actor_process_name, query_hostname, count(*) AS times
FROM dns_activity
WHERE time > now() - INTERVAL 1 DAY AND rcode = 'NXDomain'
GROUP BY ALL ORDER BY times DESC LIMIT 100`,
  },
  {
    title: 'What was lost, and why',
    sql: `SELECT host, hook, reason, sum(lost) AS lost, min(from_time) AS first, max(to_time) AS last
FROM losses GROUP BY ALL ORDER BY lost DESC`,
  },
]
