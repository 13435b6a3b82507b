/**
 * Functions that a question may call, beside `range`, `generate_series` and `unnest` in FROM. What each of them gives back is no
 * larger than what it is given, or of one size: DuckDB counts neither strings nor lists towards its bound of memory, and looks at
 * an interruption between two pieces of work only, never inside of one call. What repeats, pads, joins or collects
 * (`repeat`, `lpad`, `||`, `list`, `string_agg`, `replace`) is left out therefore, and so is whatever a later DuckDB adds.
 */
const groups: Readonly<Record<string, string>> = {
  operators: '+ - * / // % ** ^ ~ & | << >> ~~ !~~ ~~* !~~* ~~~ ^@ @ !__postfix add subtract multiply divide mod fmod fdiv xor',
  numbers: `abs acos acosh asin asinh atan atan2 atanh cbrt ceil ceiling cos cosh cot degrees even exp floor gamma gcd greatest
    isfinite isinf isnan lcm least lgamma ln log log10 log2 nextafter pi pow power radians random round round_even
    roundbankers sign signbit sin sinh sqrt tan tanh trunc bit_count`,
  conditions: 'nullif constant_or_null error typeof hash',
  times: `age ago century current_date current_localtime current_localtimestamp date_add date_diff date_part date_sub date_trunc datediff
    datepart datesub datetrunc day dayname dayofmonth dayofweek dayofyear days_in_month decade epoch epoch_ms epoch_ns epoch_us era
    get_current_time get_current_timestamp hour isodow isoyear julian last_day make_date make_time make_timestamp
    make_timestamp_ms make_timestamp_ns microsecond millennium millisecond minute month monthname nanosecond now quarter
    second strftime strptime time_bucket timezone timezone_hour timezone_minute to_centuries to_days to_decades to_hours
    to_microseconds to_millennia to_milliseconds to_minutes to_months to_quarters to_seconds to_timestamp to_weeks to_years today
    transaction_timestamp try_strptime week weekday weekofyear year yearweek`,
  texts: `ascii char_length character_length contains ends_with ilike_escape instr lcase left len length like_escape lower ltrim
    not_ilike_escape not_like_escape position prefix regexp_extract regexp_full_match regexp_matches reverse right rtrim
    split_part starts_with strlen strpos substr substring suffix trim ucase upper`,
  // Of constants, as `quantile_cont(price, [0.25, 0.75])` wants one.
  lists: 'list_value unnest',
  aggregates: `any_value approx_count_distinct approx_quantile arbitrary arg_max arg_max_null arg_min arg_min_null argmax argmin avg bit_and
    bit_or bit_xor bool_and bool_or corr count count_if count_star countif covar_pop covar_samp entropy favg first fsum geomean
    geometric_mean grouping kahan_sum kurtosis kurtosis_pop last mad max max_by mean median min min_by mode product quantile
    quantile_cont quantile_disc regr_avgx regr_avgy regr_count regr_intercept regr_r2 regr_slope regr_sxx regr_sxy regr_syy
    sem skewness stddev stddev_pop stddev_samp sum sum_no_overflow sumkahan var_pop var_samp variance wavg weighted_avg`,
  windows: 'cume_dist dense_rank fill first_value lag last_value lead nth_value ntile percent_rank rank rank_dense row_number',
};

export const sqlFunctions: ReadonlySet<string> = new Set(Object.values(groups).flatMap((names) => names.split(/\s+/)));
