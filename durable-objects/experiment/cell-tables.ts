/** Sums of outcomes by epoch and variant, in the experiment's actor and in its shards. It has shipped, so it never changes. */
export const CELL_TABLES = `
      CREATE TABLE cell (
        epoch INTEGER NOT NULL,
        variant INTEGER NOT NULL,
        requests INTEGER NOT NULL,
        errors INTEGER NOT NULL,
        reported INTEGER NOT NULL,
        reported_errors INTEGER NOT NULL,
        units INTEGER NOT NULL,
        covariate TEXT,
        PRIMARY KEY (epoch, variant)
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE cell_moment (
        epoch INTEGER NOT NULL,
        variant INTEGER NOT NULL,
        metric TEXT NOT NULL,
        count INTEGER NOT NULL,
        sum_high REAL NOT NULL,
        sum_low REAL NOT NULL,
        squares_high REAL NOT NULL,
        squares_low REAL NOT NULL,
        PRIMARY KEY (epoch, variant, metric)
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE cell_bin (
        epoch INTEGER NOT NULL,
        variant INTEGER NOT NULL,
        bin INTEGER NOT NULL,
        count INTEGER NOT NULL,
        PRIMARY KEY (epoch, variant, bin)
      ) STRICT, WITHOUT ROWID;
    `;
