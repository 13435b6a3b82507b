/** Which metrics the alerts and the dashboard rest on. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

const infra = join(import.meta.dirname, '..', '..', 'infra');
const alertsFile = join(infra, 'prometheus', 'alerts.yml');
const dashboardFile = join(infra, 'grafana', 'dashboards', 'hindcast.json');

/** @typedef {{ alert: string, expr: string, labels: { severity: string }, annotations: { summary: string, runbook: string } }} AlertRule */

/** @returns {AlertRule[]} */
export function alertRules() {
  return parse(readFileSync(alertsFile, 'utf8')).groups.flatMap(({ rules }) => rules);
}

export function dashboard() {
  return JSON.parse(readFileSync(dashboardFile, 'utf8'));
}

/** Expressions by where they stand. @returns {{ where: string, expr: string }[]} */
export function expressions() {
  const ofAlerts = alertRules().map(({ alert, expr }) => ({ where: `alert ${alert}`, expr }));
  const ofPanels = dashboard().panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ where: `panel ${title}`, expr })));
  return [...ofAlerts, ...ofPanels];
}

/** Names in an expression, as the services write them: a histogram's series belong to its one name. @param {string} expr */
function metricsIn(expr) {
  const names = expr.match(/\b(?:hindcast|process|nodejs)_[a-z0-9_]+/g) ?? [];
  return [...new Set(names.map((name) => name.replace(/_(?:bucket|count|sum)$/, '')))];
}

/** @returns {Map<string, string[]>} each metric with where it is used */
export function namedMetrics() {
  const uses = new Map();
  for (const { where, expr } of expressions()) {
    for (const metric of metricsIn(expr)) uses.set(metric, [...(uses.get(metric) ?? []), where]);
  }
  return uses;
}
